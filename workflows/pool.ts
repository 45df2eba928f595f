/** Runs `work` for items as they are asked for, at most `limit` at once; all that was begun has ended when this returns or throws. */
export async function pool<T>(
  limit: number,
  next: () => Promise<T | null>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const lane = async (): Promise<void> => {
    for (let item = await next(); item !== null; item = await next()) await work(item);
  };
  const ended = await Promise.allSettled(Array.from({ length: limit }, lane));
  for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
}
