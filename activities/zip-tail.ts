/** What follows the last entry: the manifest, the central directory; and what the caller is told. */
import { crc32 } from 'node:zlib';
import type { BulkZipResult, ZipSkipped } from '../core/zip-contract.js';
import { layDirectory, type WrittenSegment } from '../core/zip-directory.js';
import { localHeader } from '../core/zip-format.js';
import { MANIFEST_NAME, manifestContent } from '../core/zip-manifest.js';
import { concat, type ZipEntry } from '../core/zip-records.js';
import { newest } from './zip-time.js';
import type { Merged, Stretch } from './zip-merge-parts.js';
import type { NameOf } from './zip-names.js';
import type { PlannedEntry, RecordedEntry, RefusedEntry, StoredPlan } from './zip-work.js';

export interface LastPart {
  readonly bytes: Uint8Array;
  readonly zipBytes: number;
}

/** The last part of the upload: what was too small for a part of its own, the manifest, the central directory. */
export function lastPart(
  plan: StoredPlan,
  merged: Merged,
  nameOf: NameOf,
): LastPart | { readonly problem: string } {
  const entries = entriesByPlace(merged, nameOf);
  const { tail, stretches } = merged;
  const manifest = plan.job.ref.onError === 'skip' ? manifestOf(plan, merged, entries, nameOf) : null;
  const directory = layDirectory([
    ...stretches.map(({ built }) => written(built.parts, built.entries, entries)),
    written([tail], tail.entries, entries),
    ...(manifest === null ? [] : [{ bytes: manifest.bytes.length, entries: [manifest.entry] }]),
  ]);
  if ('problem' in directory) return directory;
  const before = [tail.buffer.subarray(0, tail.bytes), ...(manifest === null ? [] : [manifest.bytes])];
  return { bytes: concat([...before, directory.bytes]), zipBytes: directory.zipBytes };
}

const written = (
  parts: readonly { readonly bytes: number }[],
  recorded: readonly RecordedEntry[],
  entries: ReadonlyMap<number, Included>,
): WrittenSegment => ({
  bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
  entries: recorded.flatMap(({ place }) => entries.get(place)?.entry ?? []),
});

interface Included {
  readonly planned: PlannedEntry;
  readonly entry: ZipEntry;
}

/** The entries of the ZIP as their headers have them. */
function entriesByPlace(merged: Merged, nameOf: NameOf): ReadonlyMap<number, Included> {
  const planned = new Map(merged.planned.map((entry) => [entry.place, entry]));
  const entries = new Map<number, Included>();
  for (const { place, ...packed } of recordedEntries(merged)) {
    const entry = planned.get(place);
    if (entry === undefined) continue;
    const { mtimeS, sizeBytes } = entry;
    entries.set(place, { planned: entry, entry: { name: nameOf(entry), mtimeS, sizeBytes, ...packed } });
  }
  return entries;
}

const recordedEntries = ({ stretches, tail }: Merged): readonly RecordedEntry[] => [
  ...stretches.flatMap(({ built }) => built.entries),
  ...tail.entries,
];

/** What is not in the ZIP, by the plan or since, in the order of the request. */
function missingEntries(
  { refused }: StoredPlan,
  { planned, stretches, tail }: Merged,
): readonly RefusedEntry[] {
  const byPlace = new Map(planned.map((entry) => [entry.place, entry]));
  const dropped = [...stretches.flatMap(({ built }: Stretch) => built.dropped), ...tail.dropped];
  const since = dropped.flatMap(({ place, reason }) => {
    const entry = byPlace.get(place);
    return entry === undefined ? [] : { place, origin: entry.origin, name: entry.name, reason };
  });
  return [...refused, ...since].toSorted((one, other) => one.place - other.place);
}

function manifestOf(
  plan: StoredPlan,
  merged: Merged,
  entries: ReadonlyMap<number, Included>,
  nameOf: NameOf,
) {
  const included = [...entries.values()].map(({ planned, entry }) => ({ origin: planned.origin, entry }));
  const missing = missingEntries(plan, merged).map((entry) => ({
    ...entry.origin,
    name: nameOf(entry),
    reason: entry.reason,
  }));
  const content = manifestContent(included, missing);
  const entry: ZipEntry = {
    name: MANIFEST_NAME,
    mtimeS: newest(included.map(({ entry }) => entry.mtimeS)),
    method: 'store',
    crc32: crc32(content),
    sizeBytes: content.length,
    packedBytes: content.length,
  };
  return { entry, bytes: concat([localHeader(entry), content]) };
}

const SHOWN_SKIPPED = 100;

/** The result of the job. */
export function resultOf(plan: StoredPlan, merged: Merged, zipBytes: number): BulkZipResult {
  const { ref, fileName } = plan.job;
  const skipped: readonly ZipSkipped[] = missingEntries(plan, merged).map(({ origin, reason }) => ({
    ...origin,
    reason,
  }));
  return {
    status: skipped.length === 0 ? 'complete' : 'partial',
    uri: `s3://${ref.target.bucket}/${ref.target.key}`,
    file_name: fileName,
    size_bytes: zipBytes,
    entries: recordedEntries(merged).length,
    skipped: skipped.slice(0, SHOWN_SKIPPED),
    ...(skipped.length > SHOWN_SKIPPED ? { skipped_omitted: skipped.length - SHOWN_SKIPPED } : {}),
  };
}
