/** Requests that wait for their ZIP. */
import type { Jobs, ZipEnding } from '../job.js';
import type { StartedJob } from './start-job.js';

/** `late`: the job goes on without its request. `left`: the client went away. */
export type Waited = ZipEnding | { readonly kind: 'late' } | { readonly kind: 'left' };

export interface Patience {
  readonly mostMs: number;
  /** Aborted when the client goes away. */
  readonly client: AbortSignal;
}

export interface Waiting {
  /** Waits for the ending. A client that leaves takes along the job that it started, unless another request waits for it. */
  forEnding(job: StartedJob, ending: Promise<ZipEnding>, patience: Patience): Promise<Waited>;
}

/** `closing` is aborted when the process stops: whoever waits is told where to look. */
export function createWaiting(jobs: Pick<Jobs, 'cancel'>, closing: AbortSignal): Waiting {
  const waiters = new Map<string, number>();
  const count = (id: string, change: number): number => {
    const left = (waiters.get(id) ?? 0) + change;
    if (left > 0) waiters.set(id, left);
    else waiters.delete(id);
    return left;
  };
  return {
    forEnding: async ({ id, isNew }, ending, patience) => {
      count(id, 1);
      const waited = await firstOf(ending, patience, closing).finally(() => count(id, -1));
      if (waited.kind === 'left' && isNew && !waiters.has(id)) await jobs.cancel(id);
      return waited;
    },
  };
}

async function firstOf(
  ending: Promise<ZipEnding>,
  { mostMs, client }: Patience,
  closing: AbortSignal,
): Promise<Waited> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), mostMs);
  try {
    return await Promise.race([
      ending,
      aborted(client).then(() => ({ kind: 'left' }) as const),
      aborted(AbortSignal.any([closing, over.signal])).then(() => ({ kind: 'late' }) as const),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
