/** What all builders of segments share: the job, its names, and how an entry that cannot be had is left out or ends the job. */
import type { ZipJobRef } from '../core/zip-contract.js';
import type { SizedEntry } from '../core/zip-directory.js';
import { StoreProblem } from './ports.js';
import type { StepContext } from './step.js';
import type { ZipDeps } from './zip-deps.js';
import type { NameOf } from './zip-names.js';
import type { Reading } from './zip-read.js';
import { UPLOAD } from './zip-ports.js';
import { EntryFailed, EntryUnavailable, isOfEntry, reasonOf } from './zip-refusals.js';
import { originOf } from './zip-work.js';
import type { DroppedEntry, PlannedEntry, RecordedEntry, WrittenPart } from './zip-work.js';

export interface Builder {
  readonly deps: ZipDeps;
  readonly job: ZipJobRef;
  readonly nameOf: NameOf;
  readonly signal: AbortSignal;
  /** What cannot be delivered now is not asked for again. */
  readonly lastTry: boolean;
  /** Hears of the bytes that were read or copied. */
  readonly onBytes: (bytes: number) => void;
}

/** An entry to be written; `packedHint`: what it was deflated to before. */
export interface EntryToWrite extends PlannedEntry {
  readonly packedHint?: number;
}

export function createBuilder(
  deps: ZipDeps,
  job: ZipJobRef,
  nameOf: NameOf,
  { signal, fails, note }: StepContext,
): Builder {
  let bytesRead = 0;
  const onBytes = (bytes: number): void => note({ bytesRead: (bytesRead += bytes) });
  return { deps, job, nameOf, signal, lastTry: fails >= job.limits.retries, onBytes };
}

export const readingOf = ({ deps, signal }: Builder, entry: PlannedEntry): Reading => ({
  store: deps.store,
  object: entry,
  signal,
  pause: deps.pause,
});

export const sizedEntry = ({ nameOf }: Builder, entry: PlannedEntry): SizedEntry => ({
  name: nameOf(entry),
  mtimeS: entry.mtimeS,
  sizeBytes: entry.sizeBytes,
});

/** What came of a segment. */
export interface Built {
  readonly parts: readonly WrittenPart[];
  readonly entries: readonly RecordedEntry[];
  readonly dropped: readonly DroppedEntry[];
}

/**
 * Does something with an entry's object. An object that cannot be had ends a job that takes all or nothing; else the entry is
 * left out. What may pass is thrown, to be tried again, but on the last try.
 */
export async function orDropped<T>(
  { job, lastTry, signal }: Builder,
  entry: PlannedEntry,
  work: () => Promise<T>,
): Promise<T | DroppedEntry> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (!isOfEntry(error)) throw error;
    const passing = error.code === 'unavailable';
    if (passing && !lastTry) throw new EntryUnavailable(originOf(entry));
    const reason = reasonOf(error);
    if (job.onError === 'fail')
      throw new EntryFailed(originOf(entry), reason, passing ? 'unavailable' : undefined);
    return { place: entry.place, reason };
  }
}

export const isDropped = (value: object): value is DroppedEntry => 'reason' in value;

/** Uploads one part. */
export async function sendPart(
  { deps, job, signal }: Builder,
  partNumber: number,
  bytes: Uint8Array,
): Promise<WrittenPart> {
  const send = () => deps.zips.uploadPart(job.target, job.uploadId, partNumber, bytes, signal);
  return { ...(await ofUpload(send)), bytes: bytes.length };
}

/** Whatever goes wrong with an upload is no entry's fault, and leaves none out. */
export async function ofUpload<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreProblem)) throw error;
    throw new StoreProblem(error.code, error.message, { detail: UPLOAD, cause: error });
  }
}
