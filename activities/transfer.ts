/**
 * An object → a file, range by range, several at once. What is there already is not fetched again, and a range that breaks
 * breaks alone. Whether the bytes are right is for the verification to say; that they are all there is said here.
 */
import type { FileHandle } from 'node:fs/promises';
import { openDiskFile, type DiskFile } from './disk-file.js';
import { forEachAtOnce } from './in-flight.js';
import type { ObjectStore, PinnedObject } from './ports.js';
import {
  openJournal,
  readJournal,
  removeJournal,
  type Journal,
  type JournalSubject,
} from './transfer-journal.js';
import { pause as realPause, type Pause } from './back-off.js';
import { fetchRange } from './transfer-range.js';
import { transferRanges, type ByteRange } from './transfer-ranges.js';

export interface TransferRequest {
  readonly object: PinnedObject;
  readonly sizeBytes: number;
  /** The part size of the ETag: ranges follow it. */
  readonly partSizeBytes: number;
  /** The temporary file: kept where the transfer fails, for the next try. */
  readonly path: string;
  /** What is finished of it. Left beside it, also after success: whoever renames the file removes the journal. */
  readonly journalPath: string;
  readonly parallelParts: number;
}

export interface TransferControl {
  readonly signal: AbortSignal;
  /** Bytes in place so far, reused ones included; never goes back. */
  readonly onProgress: (bytesDone: number) => void;
  /** Throws when the file is no longer ours to write; asked before each request. */
  readonly mayWrite?: () => Promise<void>;
  /** How to wait between tries; tests do not. */
  readonly pause?: Pause;
}

export interface TransferResult {
  readonly bytesFetched: number;
  readonly bytesReused: number;
}

/** Fetches the missing ranges of an object into the temporary file, and returns when all of it is on disk. */
export async function fetchToFile(
  store: ObjectStore,
  request: TransferRequest,
  control: TransferControl,
): Promise<TransferResult> {
  const { object, sizeBytes, partSizeBytes, journalPath } = request;
  control.signal.throwIfAborted();
  const subject = { etag: object.etag, sizeBytes, ranges: transferRanges(sizeBytes, partSizeBytes) };
  const file = await openDiskFile(request.path, { direct: subject.ranges.length > 1 });
  try {
    const finished = new Set(await reuse(file.handle, journalPath, subject));
    // One range is all or nothing: a journal would say nothing that the file's end does not.
    const journal = subject.ranges.length > 1 ? await openJournal(journalPath, subject) : null;
    const missing = subject.ranges.filter((range) => !finished.has(range));
    try {
      await fetchAll(store, request, control, { file, journal, missing });
    } finally {
      await journal?.close();
    }
    await file.handle.sync();
    const bytesFetched = totalBytes(missing);
    return { bytesFetched, bytesReused: sizeBytes - bytesFetched };
  } finally {
    await file.close();
  }
}

const totalBytes = (ranges: readonly ByteRange[]): number =>
  ranges.reduce((sum, { start, end }) => sum + end - start, 0);

/** The ranges that an earlier try has finished; without any, file and journal start anew. */
async function reuse(
  file: FileHandle,
  journalPath: string,
  subject: JournalSubject,
): Promise<readonly ByteRange[]> {
  const { size } = await file.stat();
  const journaled = size > 0 && subject.ranges.length > 1 ? await readJournal(journalPath, subject) : null;
  if (journaled === null) {
    if (size > 0) await file.truncate(0);
    await removeJournal(journalPath);
    return [];
  }
  if (size > subject.sizeBytes) await file.truncate(subject.sizeBytes);
  return journaled.filter(({ end }) => end <= size);
}

interface Work {
  readonly file: DiskFile;
  readonly journal: Journal | null;
  readonly missing: readonly ByteRange[];
}

/** `parallelParts` ranges at once; the first that fails for good ends the others, and the file is closed after the last. */
async function fetchAll(
  store: ObjectStore,
  { object, sizeBytes, parallelParts }: TransferRequest,
  { signal, onProgress, mayWrite = async () => {}, pause = realPause }: TransferControl,
  { file, journal, missing }: Work,
): Promise<void> {
  let bytesDone = sizeBytes - totalBytes(missing);
  const onBytes = (bytes: number): void => onProgress((bytesDone += bytes));
  onProgress(bytesDone);
  await forEachAtOnce(missing, parallelParts, signal, async (range, anyFailed) => {
    await fetchRange({ store, object, file, signal: anyFailed, onBytes, mayWrite, pause }, range);
    if (journal === null) return;
    await file.handle.datasync();
    await journal.record(range);
  });
}
