/** Runs `work` for every item, at most `limit` at once. The first error stops the rest and is thrown after all have ended. */
export async function forEachAtOnce<T>(
  items: Iterable<T>,
  limit: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && !failed; next = queue.next()) {
      signal.throwIfAborted();
      await work(next.value).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: limit }, lane));
  for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
}
