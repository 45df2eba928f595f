/** Looks at the output location before the first byte: can it be written, on which filesystem is it, does what is missing fit. */
import { randomUUID } from 'node:crypto';
import { access, constants, lstat, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { refuseWithoutSpace } from '../core/disk.js';
import { TEMPORARY_PREFIX } from '../core/paths.js';
import type { RawFilePlan } from '../core/plan.js';
import { findPlace } from './local-paths.js';
import { makeFolder } from './make-folder.js';

export interface SurveyedRawFile {
  readonly plan: RawFilePlan;
  /** Names the filesystem of the destination; empty where there is none. */
  readonly filesystem: string;
  /** Bytes of the files that are absent or of another size, less what an interrupted job has fetched of them. */
  readonly missingBytes: number;
}

export interface Survey {
  readonly rawFiles: readonly SurveyedRawFile[];
  readonly filesystems: readonly Filesystem[];
}

interface Filesystem {
  readonly name: string;
  readonly path: string;
  readonly freeBytes: number;
}

/** What is found out about a destination. */
interface Verdict {
  readonly filesystem: string;
  readonly error: string | null;
}

export interface SurveyOptions {
  /**
   * False in a dry run and where nothing is to be downloaded: then nothing is created, and a destination that does not exist
   * yet is judged by the folder it would be created in.
   */
  readonly mayTouch: boolean;
  /** False where nothing is to be downloaded: then nothing is missing. */
  readonly needsSpace: boolean;
}

/**
 * Takes the plans of all raw files; returns them in the same order, those that cannot be restored with their `error` set and
 * without files, and the filesystems of the others with their free bytes. A destination that cannot be written or has too
 * little room is such an error, never an exception; throws only what `stat` and `statfs` of a writable folder throw.
 */
export async function surveyOutput(
  plans: readonly RawFilePlan[],
  { mayTouch, needsSpace }: SurveyOptions,
): Promise<Survey> {
  const filesystems = new Map<string, Filesystem>();
  const verdicts = new Map<string, Verdict>();
  for (const destination of new Set(
    plans.flatMap((plan) => (plan.error === null ? (plan.destination ?? []) : [])),
  )) {
    const error = await whyNotWritable(destination, mayTouch);
    const found = error === null ? await filesystemOf(destination) : null;
    if (found !== null) filesystems.set(found.name, filesystems.get(found.name) ?? found);
    verdicts.set(destination, { filesystem: found?.name ?? '', error });
  }
  const surveyed: SurveyedRawFile[] = [];
  for (const plan of plans)
    surveyed.push(await surveyOne(plan, verdicts.get(plan.destination ?? ''), needsSpace));
  return { rawFiles: checkSpace(surveyed, filesystems), filesystems: [...filesystems.values()] };
}

async function surveyOne(
  plan: RawFilePlan,
  verdict: Verdict | undefined,
  needsSpace: boolean,
): Promise<SurveyedRawFile> {
  if (plan.error !== null || verdict === undefined) return { plan, filesystem: '', missingBytes: 0 };
  if (verdict.error !== null) return { plan: failed(plan, verdict.error), filesystem: '', missingBytes: 0 };
  const { filesystem } = verdict;
  return { plan, filesystem, missingBytes: needsSpace ? await missingBytes(plan) : 0 };
}

const failed = (plan: RawFilePlan, error: string): RawFilePlan => ({ ...plan, error, files: [] });

function checkSpace(
  surveyed: readonly SurveyedRawFile[],
  filesystems: ReadonlyMap<string, Filesystem>,
): readonly SurveyedRawFile[] {
  const claims = surveyed.map(({ plan: { rawFileId }, filesystem, missingBytes }) => ({
    rawFileId,
    filesystem,
    missingBytes,
  }));
  const free = new Map([...filesystems.values()].map(({ name, freeBytes }) => [name, freeBytes]));
  const refused = refuseWithoutSpace(claims, free);
  return surveyed.map((one) => {
    const error = refused.get(one.plan.rawFileId);
    return error === undefined ? one : { ...one, plan: failed(one.plan, error) };
  });
}

async function whyNotWritable(destination: string, mayTouch: boolean): Promise<string | null> {
  try {
    if (mayTouch) await probe(destination);
    else await access(await nearestFolder(destination), constants.W_OK);
    return null;
  } catch (error) {
    return `Output location not writable (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
  }
}

/** Permission bits do not tell the truth for root, on read-only mounts and over NFS: only writing does. */
async function probe(destination: string): Promise<void> {
  await makeFolder(destination);
  const path = join(destination, `${TEMPORARY_PREFIX}probe-${randomUUID()}`);
  await writeFile(path, '');
  await rm(path);
}

/** The folder itself, or the nearest one above it that exists. */
async function nearestFolder(path: string): Promise<string> {
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (stats === null) return nearestFolder(dirname(path));
  if (!stats.isDirectory()) throw Object.assign(new Error(`${path} is not a folder`), { code: 'ENOTDIR' });
  return path;
}

async function filesystemOf(destination: string): Promise<Filesystem> {
  const path = await nearestFolder(destination);
  const [{ dev }, { bavail, bsize }] = [await stat(path), await statfs(path)];
  return { name: String(dev), path, freeBytes: bavail * bsize };
}

/** Only what is not there yet needs room. A file of the right size may still be wrong, and is then healed beside itself. */
async function missingBytes({ destination, files }: RawFilePlan): Promise<number> {
  let missing = 0;
  for (const { file, expected, refused } of files) {
    if (refused !== null || expected.sizeBytes === null) continue;
    const found = await stat(join(destination ?? '', file)).catch(() => null);
    if (found?.size === expected.sizeBytes) continue;
    missing += expected.sizeBytes - Math.min(expected.sizeBytes, await fetchedBytes(destination ?? '', file));
  }
  return missing;
}

const BLOCK_BYTES = 512;

/**
 * The room that an interrupted job's temporary file of this file holds already: its blocks, because it is sparse. Whether
 * the bytes are of use or are thrown away first, the room is had.
 */
async function fetchedBytes(destination: string, file: string): Promise<number> {
  const place = await findPlace(destination, file).catch(() => null);
  const part = place === null ? null : await lstat(place.part).catch(() => null);
  return part === null ? 0 : part.blocks * BLOCK_BYTES;
}
