import { getClient } from '@temporalio/activity';
import type { JobRef, TransferUpdate } from '../core/contract.js';
import { TRANSFER_SIGNAL } from '../core/contract.js';

const SHORTEST_MS = 2000;
/**
 * Each signal costs the job some four events of history. With a pause that grows with the job's age, the first minute is
 * told every two seconds and a twelve-hour job in some six hundred signals.
 */
const SHARE_OF_AGE = 100;

/** A transfer that failed or was cancelled never says that it has ended. */
const MOST_KNOWN = 1000;
const FORGOTTEN_MS = 3_600_000;

function forgetOlderThan(toldAtMs: Map<string, number>, beforeMs: number): void {
  for (const [key, atMs] of toldAtMs) if (atMs < beforeMs) toldAtMs.delete(key);
}

/** Returns the function that tells running jobs, now and then, how far a transfer has come. */
export function tellJob(): (job: Pick<JobRef, 'workflowId' | 'startedAtMs'>, update: TransferUpdate) => void {
  const toldAtMs = new Map<string, number>();
  return (job, update) => {
    const nowMs = Date.now();
    const pauseMs = Math.max(SHORTEST_MS, (nowMs - job.startedAtMs) / SHARE_OF_AGE);
    const key = `${job.workflowId} ${update.index}`;
    if (toldAtMs.size > MOST_KNOWN) forgetOlderThan(toldAtMs, nowMs - FORGOTTEN_MS);
    if (!toldAtMs.has(key)) toldAtMs.set(key, nowMs);
    const ended = update.bytesDone >= update.bytesTotal;
    if (ended) toldAtMs.delete(key);
    else if (nowMs - (toldAtMs.get(key) ?? 0) >= pauseMs) {
      toldAtMs.set(key, nowMs);
      // Progress is a courtesy: where it cannot be told, the transfer goes on.
      getClient()
        .workflow.getHandle(job.workflowId)
        .signal(TRANSFER_SIGNAL, update)
        .catch(() => undefined);
    }
  };
}
