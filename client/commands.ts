/** What each command does: words in, text and an exit code out. */
import { EXIT } from './exit-code.js';
import type { Job, Jobs } from './job.js';
import { Problem, asProblem, noWorkerText } from './problem.js';
import { jsonLine, stateDocument } from './render-json.js';
import { renderState } from './render.js';
import type { RestoreOptions } from './restore-request.js';
import { collectIds, restoreRequest } from './restore-request.js';
import type { Surroundings } from './surroundings.js';
import type { JobView } from './views.js';
import { RESTORE_VIEW, ZIP_VIEW, isZip } from './views.js';
import { watchJob } from './watch.js';

export interface OutputOptions {
  readonly json?: boolean;
}

export interface StartOptions extends OutputOptions {
  readonly detach?: boolean;
  readonly id?: string;
}

export interface RestoreCommandOptions extends RestoreOptions, StartOptions {}

/** `stowage restore` */
export async function restore(
  words: readonly string[],
  options: RestoreCommandOptions,
  world: Surroundings,
): Promise<number> {
  const request = restoreRequest(await collectIds(words, world.readStdin), options);
  return withJobs(world, async (jobs) => {
    const job = await jobs.startRestore(request, options.id ?? world.newWorkflowId('restore'));
    return followNew(jobs, job, options, world, RESTORE_VIEW);
  });
}

/** What comes after a start: watch the job, or leave it alone. */
export async function followNew<Ending>(
  jobs: Jobs,
  job: Job,
  options: StartOptions,
  world: Surroundings,
  view: JobView<Ending>,
): Promise<number> {
  if (options.detach) return detach(jobs, job, options, world);
  world.err(`Started ${job.workflowId}\n`);
  return follow(jobs, job, options, world, view, cancelFirst(view.cancelling));
}

async function detach(jobs: Jobs, job: Job, { json }: OutputOptions, world: Surroundings): Promise<number> {
  const { workflowId, runId } = job;
  world.out(
    json ? jsonLine({ workflow_id: workflowId, run_id: runId, outcome: 'started' }) : `${workflowId}\n`,
  );
  world.err(`Watch it: stowage watch ${workflowId}\n`);
  await warnWithoutWorker(jobs, world);
  return EXIT.ok;
}

/** `stowage watch` */
export const watch = (workflowId: string, options: OutputOptions, world: Surroundings): Promise<number> =>
  withJobs(world, async (jobs) => {
    const state = await jobs.state(workflowId);
    if (isZip(state.type)) return follow(jobs, state, options, world, ZIP_VIEW, leaveAtOnce);
    if (state.type === 'restore') return follow(jobs, state, options, world, RESTORE_VIEW, leaveAtOnce);
    throw new Problem(
      'not-found',
      `${workflowId} is not a restore but a ${state.type}: look at it in the Web UI of Temporal`,
    );
  });

/** What the interrupt key does: returns the callback for it. */
type OnInterrupt = (jobs: Jobs, job: Job, leave: () => void, say: (text: string) => void) => () => void;

const cancelFirst =
  (cancelling: string): OnInterrupt =>
  (jobs, { workflowId }, leave, say) => {
    let asked = false;
    return () => {
      if (asked) return leave();
      asked = true;
      say(cancelling);
      jobs.cancel(workflowId).catch((error: unknown) => say(`Could not cancel: ${asProblem(error).message}`));
    };
  };

const leaveAtOnce: OnInterrupt = (_jobs, _job, leave) => leave;

async function follow<Ending>(
  jobs: Jobs,
  job: Job,
  { json }: OutputOptions,
  world: Surroundings,
  view: JobView<Ending>,
  onInterrupt: OnInterrupt,
): Promise<number> {
  const display = world.openDisplay();
  const leaving = new AbortController();
  const release = world.onInterrupt(
    onInterrupt(
      jobs,
      job,
      () => leaving.abort(),
      (text) => display.note(text),
    ),
  );
  try {
    const ending = await watchJob(view.of(jobs), job.workflowId, display, leaving.signal, world.rhythm);
    if (ending === null) return leftAlone(job, json, world);
    world.out(json ? jsonLine(view.document(job, ending)) : view.text(job, ending, world.colors));
    return view.exitCode(ending);
  } finally {
    release();
  }
}

function leftAlone({ workflowId, runId }: Job, json: boolean | undefined, world: Surroundings): number {
  if (json) world.out(jsonLine({ workflow_id: workflowId, run_id: runId, outcome: 'unknown' }));
  world.err(`No longer watching; see how it ends: stowage watch ${workflowId}\n`);
  return EXIT.cancelled;
}

/** `stowage status` */
export const status = (workflowId: string, { json }: OutputOptions, world: Surroundings): Promise<number> =>
  withJobs(world, async (jobs) => {
    const state = await jobs.state(workflowId);
    const progress = state.status === 'running' ? await jobs.progress(workflowId) : null;
    world.out(json ? jsonLine(stateDocument(state, progress)) : renderState(state, progress, world.now()));
    if (state.status === 'running' && progress === null) await warnWithoutWorker(jobs, world);
    return EXIT.ok;
  });

const ASKED = { cancel: 'Cancel requested', pause: 'Pause requested', resume: 'Resume requested' } as const;

/** `stowage cancel`, `stowage pause`, `stowage resume`: asks, and does not wait. */
export const ask = (
  what: keyof typeof ASKED,
  workflowId: string,
  { json }: OutputOptions,
  world: Surroundings,
): Promise<number> =>
  withJobs(world, async (jobs) => {
    await jobs[what](workflowId);
    world.out(
      json
        ? jsonLine({ workflow_id: workflowId, requested: what })
        : `${ASKED[what]}: stowage watch ${workflowId}\n`,
    );
    return EXIT.ok;
  });

/** Says so on standard error where nobody would do the work. */
export async function warnWithoutWorker(jobs: Jobs, world: Surroundings): Promise<void> {
  const listening = await jobs.isWorkerListening().catch(() => true);
  if (!listening) world.err(`${noWorkerText(jobs.taskQueue)}\n`);
}

/** Connects, and closes the connection whatever happens. */
export async function withJobs(world: Surroundings, work: (jobs: Jobs) => Promise<number>): Promise<number> {
  const jobs = await world.connect();
  try {
    return await work(jobs);
  } finally {
    await jobs.close();
  }
}
