/** One range of a file: fetched, written to its place, and fetched on from where it broke. */
import { mayPass, withBackOff, type Pause } from './back-off.js';
import { ALIGNMENT_BYTES, borrowBlock, returnBlock } from './disk-blocks.js';
import type { DiskFile } from './disk-file.js';
import { StoreProblem, type ObjectStore, type PinnedObject } from './ports.js';
import type { ByteRange } from './transfer-ranges.js';

export interface RangeJob {
  readonly store: ObjectStore;
  readonly object: PinnedObject;
  readonly file: DiskFile;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
  readonly mayWrite: () => Promise<void>;
  readonly pause: Pause;
}

/** Large enough that a write costs little, small enough that eight ranges side by side hold little. */
const BLOCK_BYTES = 1024 * 1024;

/** What a link must bring between two breaks to be better than none: a server that sends next to nothing is given up. */
const PROGRESS_BYTES = 64 * 1024;

/** Fetches a range whole, or throws: `unavailable` where it breaks again and again without progress, anything else at once. */
export async function fetchRange(job: RangeJob, range: ByteRange): Promise<void> {
  let position = range.start;
  let brokeAt = position;
  const advance = (bytes: number): void => {
    position += bytes;
    job.onBytes(bytes);
  };
  const hasAdvanced = (): boolean => {
    const advanced = position - brokeAt >= PROGRESS_BYTES;
    if (advanced) brokeAt = position;
    return advanced;
  };
  const fetchRest = async (): Promise<void> => {
    // A body may break behind its last byte.
    if (position >= range.end) return;
    await job.mayWrite();
    await fetchOnce(job, { start: position, end: range.end }, advance);
  };
  await withBackOff(fetchRest, { ...job, hasAdvanced });
}

async function fetchOnce(job: RangeJob, range: ByteRange, advance: (bytes: number) => void): Promise<void> {
  const body = await job.store.readRange(job.object, range.start, range.end, job.signal);
  const block = borrowBlock(BLOCK_BYTES);
  const writer = createRangeWriter(job.file, range, block, advance);
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) await writer.add(chunk);
    await writer.flush();
  } catch (error) {
    // What came before the break is right, and need not come again.
    if (mayPass(error)) await writer.flush();
    throw error;
  } finally {
    returnBlock(block);
  }
  if (writer.missingBytes() > 0)
    throw new StoreProblem('unavailable', `${writer.missingBytes()} bytes are missing`);
}

interface RangeWriter {
  add(chunk: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  missingBytes(): number;
}

/** Writes what comes to its place, in blocks; never beyond the range, because the neighbour may be there already. */
function createRangeWriter(
  file: DiskFile,
  range: ByteRange,
  block: Uint8Array,
  advance: (bytes: number) => void,
): RangeWriter {
  let position = range.start;
  let filled = 0;
  // Where a body broke at an odd place, the first block is cut so that the next begins at a page again.
  const room = (): number => block.length - (position % ALIGNMENT_BYTES) - filled;
  const flush = async (): Promise<void> => {
    if (filled === 0) return;
    await file.write(block.subarray(0, filled), position);
    const bytes = filled;
    position += bytes;
    filled = 0;
    advance(bytes);
  };
  const missingBytes = (): number => range.end - position - filled;
  const add = async (chunk: Uint8Array): Promise<void> => {
    if (chunk.length > missingBytes())
      throw new StoreProblem('unavailable', `more than ${range.end - range.start} bytes came`);
    for (let rest = chunk; rest.length > 0;) {
      const piece = rest.subarray(0, room());
      block.set(piece, filled);
      filled += piece.length;
      rest = rest.subarray(piece.length);
      if (room() === 0) await flush();
    }
  };
  return { add, flush, missingBytes };
}
