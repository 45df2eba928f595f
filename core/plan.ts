/**
 * From the catalogue's document to what is to be done: the whole of the restore's planning phase that needs no I/O. Nothing
 * that is decided here is decided again later.
 */
import type { Expected } from './contract.js';
import { parseCatalogueEtag } from './etag.js';
import type { Ending } from './outcome.js';
import { findCollisions, isSafeProjectId, isSafeRelativePath } from './paths.js';
import { keyBelow, parseS3Path } from './s3-url.js';
import type { RestoreSettings } from './settings.js';
import { MEBIBYTE } from './units.js';

/** A document of the collection `raw_file`, as far as a restore reads it; anything may be absent or odd. */
export interface RawFileDocument {
  readonly _id: string;
  readonly project_id?: unknown;
  readonly s3_upload_path?: unknown;
  readonly file_info?: unknown;
}

export interface PlannedFile {
  readonly file: string;
  readonly key: string;
  readonly expected: Expected;
  /** Why this file is not even tried; null where it is. */
  readonly refused: Ending | null;
}

export interface RawFilePlan {
  readonly rawFileId: string;
  readonly projectId: string | null;
  readonly destination: string | null;
  readonly bucket: string | null;
  /** The text of the report's ERROR line; then there are no files. */
  readonly error: string | null;
  readonly files: readonly PlannedFile[];
}

/** Ranges for entries without an ETag, where the catalogue names no part size. */
const DEFAULT_PART_BYTES = 64 * MEBIBYTE;

/** Plans one raw file. `wanted` says which relative paths a selective restore asks for. */
export function planRawFile(
  rawFileId: string,
  document: RawFileDocument | null,
  settings: RestoreSettings,
  wanted: (relativePath: string) => boolean = () => true,
): RawFilePlan {
  const nothing = { rawFileId, projectId: null, destination: null, bucket: null, files: [] };
  if (document === null) return { ...nothing, error: 'RawFile not found in DB' };
  const location = parseS3Path(textOf(document.s3_upload_path) ?? '');
  const found = { ...nothing, bucket: location?.bucket ?? null };
  const projectId = textOf(document.project_id) ?? settings.fallbackProject;
  if (projectId === null) return { ...found, error: 'No project_id' };
  if (!isSafeProjectId(projectId)) return { ...found, projectId, error: 'Unsafe project_id' };
  const placed = { ...found, projectId, destination: destinationOf(settings, projectId) };
  if (location === null) return { ...placed, error: 'No S3 backup (s3_upload_path is null)' };
  const entries = entriesOf(document.file_info);
  if (entries.length === 0) return { ...placed, error: 'Empty file_info' };
  const files = entries
    .filter(([path]) => wanted(path))
    .map(([path, item]) => planFile(path, item, keyBelow(location, path)));
  return { ...placed, error: null, files };
}

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value : null;

/** absolute_path / [subfolder /] project_id */
export const destinationOf = ({ outputRoot, subfolder }: RestoreSettings, projectId: string): string =>
  [outputRoot === '/' ? '' : outputRoot, ...(subfolder === null ? [] : [subfolder]), projectId].join('/');

const entriesOf = (fileInfo: unknown): readonly (readonly [string, unknown])[] =>
  typeof fileInfo === 'object' && fileInfo !== null && !Array.isArray(fileInfo)
    ? Object.entries(fileInfo)
    : [];

function planFile(file: string, item: unknown, key: string): PlannedFile {
  const expected = parseFileInfo(item);
  if ('problem' in expected)
    return { file, key, expected: UNKNOWN, refused: { code: 'invalid-entry', what: expected.problem } };
  return { file, key, expected, refused: isSafeRelativePath(file) ? null : { code: 'unsafe-path' } };
}

const UNKNOWN: Expected = { sizeBytes: null, md5: null, etag: null, partSizeBytes: DEFAULT_PART_BYTES };

/** `[size, md5]` or `[size, md5, "<etag>__<chunk MB>"]`; size and md5 may be null, but something must prove the bytes. */
export function parseFileInfo(item: unknown): Expected | { readonly problem: string } {
  if (!Array.isArray(item)) return { problem: 'not a list' };
  if (item.length < 2 || item.length > 3) return { problem: `a list of ${item.length}, not of 2 or 3` };
  const [size, md5, etag] = item as readonly unknown[];
  const sizeBytes = parseSize(size);
  if (sizeBytes === undefined) return { problem: `size is not a whole number of bytes: ${String(size)}` };
  const md5Hex = parseMd5(md5);
  if (md5Hex === undefined) return { problem: 'MD5 is not 32 hexadecimal digits' };
  if (etag === undefined || etag === null)
    return md5Hex === null ? { problem: 'neither MD5 nor ETag' } : { ...UNKNOWN, sizeBytes, md5: md5Hex };
  if (typeof etag !== 'string') return { problem: 'ETag is not a text' };
  const parsed = parseCatalogueEtag(etag);
  return 'problem' in parsed ? parsed : { sizeBytes, md5: md5Hex, ...parsed };
}

/** int32 and double arrive as numbers, int64 as bigint or as the driver's Long; null is allowed. Undefined: unreadable. */
function parseSize(size: unknown): number | null | undefined {
  if (size === null || size === undefined) return null;
  if (Array.isArray(size) || !['number', 'bigint', 'object'].includes(typeof size)) return undefined;
  const value = Number(size);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function parseMd5(md5: unknown): string | null | undefined {
  if (md5 === null || md5 === undefined) return null;
  return typeof md5 === 'string' && /^[0-9a-f]{32}$/i.test(md5) ? md5.toLowerCase() : undefined;
}

/** Refuses, across the whole job, files that would stand in each other's way on disk. */
export function refuseCollisions(plans: readonly RawFilePlan[]): readonly RawFilePlan[] {
  const tried = plans.flatMap((plan, raw) =>
    plan.files.flatMap((file, at) => (file.refused === null ? [{ plan, raw, at, file }] : [])),
  );
  const collisions = findCollisions(
    tried.map(({ plan, file }) => ({
      path: `${plan.destination ?? ''}/${file.file}`,
      label: `${plan.rawFileId}: ${file.file}`,
    })),
  );
  const refused = new Map(
    [...collisions].map(([place, other]) => [`${tried[place]?.raw}/${tried[place]?.at}`, other]),
  );
  if (refused.size === 0) return plans;
  return plans.map((plan, raw) => ({
    ...plan,
    files: plan.files.map((file, at) => {
      const other = refused.get(`${raw}/${at}`);
      return other === undefined
        ? file
        : { ...file, refused: { code: 'collision', other: withinRawFile(plan.rawFileId, other) } };
    }),
  }));
}

/** Names the other file by its path alone where it belongs to the same raw file. */
const withinRawFile = (rawFileId: string, label: string): string =>
  label.startsWith(`${rawFileId}: `) ? label.slice(rawFileId.length + 2) : label;
