/** Follows one job to its end, showing its progress on the way. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Jobs } from './job.js';
import { Problem, noWorkerText } from './problem.js';
import type { ProgressDisplay } from './progress-bar.js';

export interface Rhythm {
  readonly pollMs: number;
  /** How long a job may say nothing before it is asked whether there is a worker at all. */
  readonly silenceMs: number;
  /** How long Temporal may be away while a job is watched. */
  readonly outageMs: number;
  readonly retryMs: number;
}

export const RHYTHM: Rhythm = { pollMs: 500, silenceMs: 10_000, outageMs: 300_000, retryMs: 2000 };

/** What watching needs of jobs; `Ending` is that of a restore or that of a ZIP. */
export interface Watched<Ending> extends Pick<Jobs, 'progress' | 'isWorkerListening' | 'taskQueue'> {
  ending(workflowId: string): Promise<Ending>;
}

/** Resolves with the job's ending, or with null as soon as `leave` is aborted. */
export async function watchJob<Ending>(
  jobs: Watched<Ending>,
  workflowId: string,
  display: ProgressDisplay,
  leave: AbortSignal,
  rhythm: Rhythm = RHYTHM,
): Promise<Ending | null> {
  const over = new AbortController();
  const left = new Promise<null>((resolve) =>
    leave.addEventListener('abort', () => resolve(null), { once: true }),
  );
  const ending = endingDespiteOutages(
    jobs,
    workflowId,
    display,
    AbortSignal.any([leave, over.signal]),
    rhythm,
  );
  const polling = showProgress(jobs, workflowId, display, AbortSignal.any([leave, over.signal]), rhythm);
  // After leaving, the connection is closed below these two: what they say then interests nobody.
  ending.catch(() => {});
  polling.catch(() => {});
  try {
    return leave.aborted ? null : await Promise.race([ending, left]);
  } finally {
    over.abort();
    display.stop();
  }
}

/** A restart of Temporal does not end the job, so it does not end the watching either. */
async function endingDespiteOutages<Ending>(
  jobs: Watched<Ending>,
  workflowId: string,
  display: ProgressDisplay,
  signal: AbortSignal,
  { outageMs, retryMs }: Rhythm,
): Promise<Ending> {
  let awaySinceMs: number | null = null;
  for (;;) {
    try {
      return await jobs.ending(workflowId);
    } catch (error) {
      const away = error instanceof Problem && error.kind === 'unreachable';
      if (!away || signal.aborted || (awaySinceMs !== null && Date.now() - awaySinceMs > outageMs))
        throw error;
      if (awaySinceMs === null) display.note(`${error.message}; waiting for it, the job goes on by itself`);
      awaySinceMs ??= Date.now();
      await sleep(retryMs, undefined, { signal });
    }
  }
}

async function showProgress<Ending>(
  jobs: Watched<Ending>,
  workflowId: string,
  display: ProgressDisplay,
  signal: AbortSignal,
  { pollMs, silenceMs }: Rhythm,
): Promise<void> {
  let silentSinceMs = Date.now();
  let warned = false;
  while (!signal.aborted) {
    const progress = await jobs.progress(workflowId);
    if (signal.aborted) return;
    if (progress !== null) {
      display.show(progress);
      [silentSinceMs, warned] = [Date.now(), false];
    } else if (!warned && Date.now() - silentSinceMs >= silenceMs) {
      warned = !(await jobs.isWorkerListening().catch(() => true));
      if (warned) display.note(noWorkerText(jobs.taskQueue));
    }
    await sleep(pollMs, undefined, { signal });
  }
}
