/** Bytes per second over the last minute, from what was done at moments of it. */
export type Samples = readonly { readonly atMs: number; readonly bytesDone: number }[];

const WINDOW_MS = 60_000;
const MOMENT_MS = 1000;
const SHORTEST_MS = 2000;

/** Adds a moment; those less than a second apart count as one. */
export function withSample(samples: Samples, atMs: number, bytesDone: number): Samples {
  // One moment before the last minute stays: long jobs are told of their transfers every few minutes only (worker/tell-job.ts).
  const from = samples.findLastIndex((one) => atMs - one.atMs > WINDOW_MS);
  const recent = samples.slice(Math.max(0, from));
  const [before, last] = [recent.at(-2), recent.at(-1)];
  const sameMoment = before !== undefined && last !== undefined && last.atMs - before.atMs < MOMENT_MS;
  return [...(sameMoment ? recent.slice(0, -1) : recent), { atMs, bytesDone }];
}

/** 0 until there are two seconds to judge by. */
export function rateOver(samples: Samples): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < SHORTEST_MS) return 0;
  return Math.max(0, Math.round(((last.bytesDone - first.bytesDone) * 1000) / (last.atMs - first.atMs)));
}
