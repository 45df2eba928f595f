/** Requests that wait for their ZIP, and what becomes of a ZIP that nobody waits for any more. */
import { setTimeout as sleep } from 'node:timers/promises';
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
  /**
   * Waits for the ending. The last client that leaves takes the job along, whoever began it; unless somebody was told to come
   * back for it (202), or another process has a request for it.
   */
  forEnding(job: StartedJob, ending: Promise<ZipEnding>, patience: Patience): Promise<Waited>;
}

/** What this process knows of a job that has not ended. */
interface Known {
  /** It was begun here: other processes say in the job itself that they want it. */
  readonly isOurs: boolean;
  waiters: number;
  /** Somebody was answered with 202. */
  promised: boolean;
}

/** `closing` is aborted when the process stops: whoever waits is told where to look. */
export function createWaiting(
  jobs: Pick<Jobs, 'cancel' | 'want' | 'isWanted'>,
  closing: AbortSignal,
): Waiting {
  const known = new Map<string, Known>();
  const open = ({ id, isNew }: StartedJob, ending: Promise<ZipEnding>): Known => {
    const found = isNew ? undefined : known.get(id);
    if (found !== undefined) return found;
    const job = { isOurs: isNew, waiters: 0, promised: false };
    known.set(id, job);
    const forget = (): boolean => known.get(id) === job && known.delete(id);
    ending.then(forget, forget);
    return job;
  };
  return {
    forEnding: async (started, ending, patience) => {
      const { id } = started;
      const job = open(started, ending);
      job.waiters += 1;
      const waited = await waitIn(job, async () => {
        if (!job.isOurs) await jobs.want(id);
        return firstOf(ending, patience, closing);
      });
      if (waited.kind === 'left' && isForsaken(job) && !(await jobs.isWanted(id)) && isForsaken(job))
        await jobs.cancel(id);
      return waited;
    },
  };
}

/** The promise is noted before the place is given up, so that no client that leaves comes in between. */
async function waitIn(job: Known, wait: () => Promise<Waited>): Promise<Waited> {
  try {
    const waited = await wait();
    if (waited.kind === 'late') job.promised = true;
    return waited;
  } finally {
    job.waiters -= 1;
  }
}

const isForsaken = ({ isOurs, waiters, promised }: Known): boolean => isOurs && !promised && waiters === 0;

/** No AbortSignal.any: what listens there to a signal as old as the process is never let go. */
async function firstOf(
  ending: Promise<ZipEnding>,
  { mostMs, client }: Patience,
  closing: AbortSignal,
): Promise<Waited> {
  const over = new AbortController();
  const { signal } = over;
  const late = { kind: 'late' } as const;
  try {
    return await Promise.race([
      ending,
      aborted(client, signal).then(() => ({ kind: 'left' }) as const),
      aborted(closing, signal).then(() => late),
      sleep(mostMs, late, { signal }),
    ]);
  } finally {
    over.abort();
  }
}

const aborted = (signal: AbortSignal, over: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true, signal: over });
  });
