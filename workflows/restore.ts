/**
 * The job as an operator would tell it: plan; restore the files side by side, where one file's failure stops no other; write
 * the reports on every way out; fail at the end if anything failed.
 */
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  log,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { PlannedJob, RestoreCarry, RestorePreview, RestoreResult } from '../core/contract.js';
import type { StopReason } from '../core/outcome.js';
import { reporting, steps, tidying } from './policies.js';
import { changed, openDesk } from './restore-desk.js';
import type { Desk } from './restore-desk.js';
import { restoreFiles } from './restore-files.js';
import { headline } from './restore-headline.js';
import { carryOf, newState, resumeState } from './restore-state.js';
import type { RestoreState } from './restore-state.js';

type Stop = Exclude<StopReason, 'disk full'> | null;

/** What the caller sends is checked by the first activity; a run that goes on from another has its state as its argument. */
export async function restore(...args: readonly unknown[]): Promise<RestoreResult | RestorePreview> {
  const desk = openDesk();
  const goesOn = workflowInfo().continuedFromExecutionRunId !== undefined;
  if (goesOn) return goOn(desk, args[0] as RestoreCarry);
  const planned = await plan(args);
  if ('dry_run' in planned) return planned;
  return carryOut(desk, newState(planned, planned.ref.startedAtMs + planned.limits.timeoutMs));
}

function goOn(desk: Desk, carry: RestoreCarry): Promise<RestoreResult> {
  desk.paused ||= carry.paused;
  return carryOut(desk, resumeState(carry));
}

/** Plans the job, or returns a dry run's plan. Throws where the input is not valid or the catalogue cannot be read. */
async function plan(args: readonly unknown[]): Promise<PlannedJob | RestorePreview> {
  const { workflowId, firstExecutionRunId: runId } = workflowInfo();
  // Not workflowInfo().startTime: a job that is started with a delay, or by cron, begins long after that.
  const request = { args, workflowId, runId, startedAtMs: Date.now() };
  const summary = 'read the catalogue, look at the output location';
  const answer = await steps.planRestore.executeWithOptions({ summary }, [request]).catch(failAsTheStep);
  switch (answer.kind) {
    case 'invalid':
      throw ApplicationFailure.nonRetryable(answer.message, 'InvalidInput');
    case 'unwritable':
      throw incomplete(answer.result, null);
    case 'preview':
      return answer.preview;
    case 'planned':
      return answer.job;
  }
}

/** A step without which there is no job fails it with its own type and sentence, not with "Activity task failed". */
function failAsTheStep(error: unknown): never {
  const cause = error instanceof Error ? error.cause : undefined;
  if (isCancellation(error) || !(cause instanceof ApplicationFailure)) throw error;
  throw ApplicationFailure.nonRetryable(cause.message, cause.type ?? 'Internal');
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
    // A folder that cannot be removed is a nuisance; the job is done.
    await tidying.closeJob(job).catch(() => undefined);
    return written;
  });
  desk.phase = 'done';
  changed(desk);
  return conclude(result, stop);
}

/** Succeeds only where nothing failed; a cancelled job stays a cancelled one, with its result in the memo. */
function conclude(result: RestoreResult, stop: Stop): RestoreResult {
  if (stop === 'cancelled') {
    upsertMemo({ result });
    throw new CancelledFailure(headline(result, stop), [result]);
  }
  if (result.status !== 'SUCCESS') throw incomplete(result, stop);
  return result;
}

const incomplete = (result: RestoreResult, stop: Stop): ApplicationFailure =>
  ApplicationFailure.create({
    nonRetryable: true,
    type: 'RestoreIncomplete',
    message: headline(result, stop),
    details: [result],
  });
