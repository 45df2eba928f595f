/**
 * The job as an operator would tell it: plan; restore the files side by side, where one file's failure stops no other; write
 * the reports on every way out; fail at the end if anything failed.
 */
import {
  CancellationScope,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  log,
  workflowInfo,
} from '@temporalio/workflow';
import type { RestoreCarry, RestorePreview, RestoreResult } from '../core/contract.js';
import { reporting, tidying } from './policies.js';
import { changed, openDesk } from './restore-desk.js';
import type { Desk } from './restore-desk.js';
import { conclude, failAsTheStep } from './restore-ending.js';
import type { Stop } from './restore-ending.js';
import { restoreFiles } from './restore-files.js';
import { planJob } from './restore-plan.js';
import { carryOf, newState, resumeState } from './restore-state.js';
import type { RestoreState } from './restore-state.js';

/** What the caller sends is checked by the first activity; a run that goes on from another has its state as its argument. */
export async function restore(...args: readonly unknown[]): Promise<RestoreResult | RestorePreview> {
  const desk = openDesk();
  const [carry] = args;
  if (workflowInfo().continuedFromExecutionRunId !== undefined && isCarry(carry)) return goOn(desk, carry);
  const planned = await planJob(args);
  if ('dry_run' in planned) return planned;
  return carryOut(desk, newState(planned, planned.ref.startedAtMs + planned.limits.timeoutMs));
}

/** A run that cron starts after another is continued, too, but has what the caller sent. */
const isCarry = (argument: unknown): argument is RestoreCarry =>
  typeof argument === 'object' && argument !== null && 'deadlineAtMs' in argument;

function goOn(desk: Desk, carry: RestoreCarry): Promise<RestoreResult> {
  desk.paused ||= carry.paused;
  return carryOut(desk, resumeState(carry));
}

async function carryOut(desk: Desk, state: RestoreState): Promise<RestoreResult> {
  desk.state = state;
  desk.phase = 'restoring';
  changed(desk);
  const stop = await restoreUntilStopped(desk, state);
  if (stop === null && state.handOver) return handOver(desk, state);
  return finish(desk, state, stop);
}

/** Restores until all is done (null), the time is over, or somebody cancels. */
async function restoreUntilStopped(desk: Desk, state: RestoreState): Promise<Stop> {
  const leftMs = state.deadlineAtMs - Date.now();
  if (leftMs <= 0) return 'deadline';
  try {
    await CancellationScope.withTimeout(leftMs, () => restoreFiles(desk, state));
    return null;
  } catch (error) {
    if (!isCancellation(error)) return reportAllTheSame(error);
    return CancellationScope.current().consideredCancelled ? 'cancelled' : 'deadline';
  }
}

/** A bug in a step of the job itself: what was restored is reported all the same, and what was not, too. */
function reportAllTheSame(error: unknown): null {
  log.error('a step of the job failed for good; files may be without an ending', { error });
  return null;
}

/** The next run goes on with a short history; the deadline is absolute and stays. */
async function handOver(desk: Desk, state: RestoreState): Promise<never> {
  await condition(allHandlersFinished);
  return continueAsNew<(carry: RestoreCarry) => Promise<never>>(carryOf(state, desk.paused));
}

async function finish(desk: Desk, state: RestoreState, stop: Stop): Promise<RestoreResult> {
  const job = state.job.ref;
  desk.phase = 'reporting';
  state.current.clear();
  const result = await CancellationScope.nonCancellable(async () => {
    const request = { job, stop, fullFilesystems: [...state.fullFilesystems] };
    const written = await reporting.writeReport(request).catch(failAsTheStep);
    // A report that could be written nowhere can be made from the folder later (`stowage report`); the result may be cut.
    if (written.unwritten_reports === undefined)
      // A folder that cannot be removed is a nuisance; the job is done.
      await tidying.closeJob(job).catch(() => undefined);
    return written;
  });
  desk.phase = 'done';
  changed(desk);
  return conclude(result, stop);
}
