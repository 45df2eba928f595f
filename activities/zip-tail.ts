/** What follows the last entry: the manifest, the central directory; and what the caller is told. */
import { crc32 } from 'node:zlib';
import { EMPTY_CRC32 } from '../core/crc32.js';
import type { BulkZipResult, ZipSkipped } from '../core/zip-contract.js';
import { openDirectory } from '../core/zip-directory.js';
import { localHeader } from '../core/zip-format.js';
import { MANIFEST_NAME, openManifest } from '../core/zip-manifest.js';
import { concat, type ZipEntry } from '../core/zip-records.js';
import type { Merged, Stretch } from './zip-merge-parts.js';
import type { NameOf } from './zip-names.js';
import type { PlannedOf } from './zip-records.js';
import { originOf } from './zip-work.js';
import type { PlannedEntry, RefusedEntry, StoredPlan } from './zip-work.js';

export interface LastPart {
  readonly bytes: Uint8Array;
  readonly zipBytes: number;
  /** What is not in the ZIP, by the plan or since, in the order of the request. */
  readonly missing: readonly RefusedEntry[];
}

/** A stretch, or what is left of some of them in front of the directory. */
interface Piece extends Pick<Stretch, 'pages'> {
  readonly bytes: number;
  readonly built: Pick<Stretch['built'], 'entries' | 'dropped'>;
}

/**
 * The last part of the upload: what was too small for a part of its own, the manifest, the central directory. Goes through the
 * plan page by page, so that its memory is that of the result.
 */
export async function lastPart(
  plan: StoredPlan,
  merged: Merged,
  nameOf: NameOf,
  plannedOf: PlannedOf,
): Promise<LastPart | { readonly problem: string }> {
  const { tail } = merged;
  const pieces = piecesOf(merged);
  const directory = openDirectory();
  const isPartial = plan.refused.length > 0 || pieces.some(({ built }) => built.dropped.length > 0);
  const manifest = plan.job.ref.onError === 'skip' ? openManifest(isPartial) : null;
  const missing: RefusedEntry[] = [...plan.refused];
  let newestS = 0;
  for (const piece of pieces) {
    const planned = new Map((await plannedOf(piece)).map((entry) => [entry.place, entry]));
    const included = includedIn(piece, planned, nameOf);
    const problem = directory.add({ bytes: piece.bytes, entries: included.map(({ entry }) => entry) });
    if (problem !== null) return problem;
    manifest?.add(included);
    missing.push(...droppedFrom(piece, planned));
    newestS = included.reduce((newest, { entry }) => Math.max(newest, entry.mtimeS), newestS);
  }
  missing.sort((one, other) => one.place - other.place);
  const written = manifest === null ? null : manifestEntry(manifest.close(named(missing, nameOf)), newestS);
  if (written !== null) directory.add({ bytes: written.bytes, entries: [written.entry] });
  const { bytes, zipBytes } = directory.close();
  const before = [tail.buffer.subarray(0, tail.bytes), ...(written?.pieces ?? [])];
  return { bytes: concat([...before, bytes]), zipBytes, missing };
}

const piecesOf = ({ stretches, tail }: Merged): readonly Piece[] => [
  ...stretches.map(({ built, pages }) => ({
    pages,
    built,
    bytes: built.parts.reduce((sum, { bytes }) => sum + bytes, 0),
  })),
  { pages: tail.pages, built: tail, bytes: tail.bytes },
];

/** The entries of a piece as their headers have them. */
const includedIn = ({ built }: Piece, planned: ReadonlyMap<number, PlannedEntry>, nameOf: NameOf) =>
  built.entries.flatMap(({ place, ...packed }) => {
    const entry = planned.get(place);
    if (entry === undefined) return [];
    const { mtimeS, sizeBytes } = entry;
    return { origin: originOf(entry), entry: { name: nameOf(entry), mtimeS, sizeBytes, ...packed } };
  });

const droppedFrom = ({ built }: Piece, planned: ReadonlyMap<number, PlannedEntry>): readonly RefusedEntry[] =>
  built.dropped.flatMap(({ place, reason }) => {
    const entry = planned.get(place);
    return entry === undefined ? [] : { place, origin: originOf(entry), name: entry.name, reason };
  });

const named = (missing: readonly RefusedEntry[], nameOf: NameOf) =>
  missing.map((entry) => ({ ...entry.origin, name: nameOf(entry), reason: entry.reason }));

/** As old as the newest of its entries, so that the same input gives the same bytes. */
function manifestEntry(content: readonly Uint8Array[], mtimeS: number) {
  const sizeBytes = content.reduce((sum, { length }) => sum + length, 0);
  const entry: ZipEntry = {
    name: MANIFEST_NAME,
    mtimeS,
    method: 'store',
    crc32: content.reduce((crc, piece) => crc32(piece, crc), EMPTY_CRC32),
    sizeBytes,
    packedBytes: sizeBytes,
  };
  const header = localHeader(entry);
  return { entry, bytes: header.length + sizeBytes, pieces: [header, ...content] };
}

const SHOWN_SKIPPED = 100;

/** The result of the job. */
export function resultOf(
  plan: StoredPlan,
  { stretches, tail }: Merged,
  { zipBytes, missing }: LastPart,
): BulkZipResult {
  const { ref, fileName } = plan.job;
  const skipped: readonly ZipSkipped[] = missing
    .slice(0, SHOWN_SKIPPED)
    .map(({ origin, reason }) => ({ ...origin, reason }));
  return {
    status: missing.length === 0 ? 'complete' : 'partial',
    uri: `s3://${ref.target.bucket}/${ref.target.key}`,
    file_name: fileName,
    size_bytes: zipBytes,
    entries: stretches.reduce((sum, { built }) => sum + built.entries.length, tail.entries.length),
    skipped,
    ...(missing.length > SHOWN_SKIPPED ? { skipped_omitted: missing.length - SHOWN_SKIPPED } : {}),
  };
}
