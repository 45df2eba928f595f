import { followAbort } from './following-abort.js';

/**
 * Runs `work` for every item, at most `limit` at once. The first error, or an abort, aborts the signal of the work under way,
 * begins no more, and is thrown once all have ended.
 */
export async function forEachAtOnce<T>(
  items: Iterable<T>,
  limit: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const together = followAbort(signal);
  const queue = items[Symbol.iterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      together.signal.throwIfAborted();
      await work(next.value, together.signal);
    }
  };
  const fail = (error: unknown): void => {
    failed = true;
    together.end(error);
  };
  await Promise.all(Array.from({ length: limit }, () => lane().catch(fail)));
  together.release();
  if (failed) throw together.signal.reason;
}
