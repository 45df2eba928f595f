/** How many jobs a user may have running: over all API processes by Temporal's list, which lags, and at once by our own. */
import type { Jobs } from '../job.js';
import { Problem } from '../problem.js';
import { problem } from './problems.js';

export interface JobSlots {
  /** Takes a place for a job that is about to start; throws `too-many-jobs` where there is none. */
  take(prefixes: readonly string[], id: string): Promise<void>;
  /** Gives it back: the job has ended, or did not start. */
  release(id: string): void;
}

/** How long Temporal's list may not know of a job that was started. */
const LIST_LAG_MS = 5000;

/** Counts by the beginning of ids, which is different for every user. */
export function createJobSlots(jobs: Pick<Jobs, 'runningIds'>, limit: number, nowMs: () => number): JobSlots {
  const takenAtMs = new Map<string, number>();
  const ended = new Map<string, number>();
  const prune = (): void => {
    for (const kept of [takenAtMs, ended])
      for (const [id, atMs] of kept) if (nowMs() - atMs > LIST_LAG_MS) kept.delete(id);
  };
  return {
    take: async (prefixes, id) => {
      prune();
      takenAtMs.set(id, nowMs());
      const own = [...takenAtMs.keys()].filter((taken) =>
        prefixes.some((prefix) => taken.startsWith(prefix)),
      );
      const listed = (await listRunning(jobs, prefixes)).filter((running) => !ended.has(running));
      if (new Set([...own, ...listed]).size <= limit) return;
      takenAtMs.delete(id);
      throw problem('too-many-jobs');
    },
    release: (id) => {
      takenAtMs.delete(id);
      ended.set(id, nowMs());
    },
  };
}

/** A Temporal without such lists leaves us with our own count; one that does not answer starts no job either. */
async function listRunning(jobs: Pick<Jobs, 'runningIds'>, prefixes: readonly string[]) {
  try {
    return await jobs.runningIds(prefixes);
  } catch (error) {
    if (error instanceof Problem && ['unreachable', 'denied'].includes(error.kind)) throw error;
    return [];
  }
}
