/**
 * The bulk ZIP as an operator would tell it: plan; build the segments side by side; write into the audit trail who gets what;
 * complete the upload, and only then there is a ZIP. On every other way out the upload is given up, and nothing is left.
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
  workflowInfo,
} from '@temporalio/workflow';
import type { BulkZipResult, PlannedZip, ZipCarry, ZipRefusal } from '../core/zip-contract.js';
import { openZipDesk, showZipDetails } from './bulk-zip-desk.js';
import type { ZipDesk } from './bulk-zip-desk.js';
import { buildSegments } from './bulk-zip-segments.js';
import { carryOfZip, newZipState, resumeZipState } from './bulk-zip-state.js';
import type { ZipState } from './bulk-zip-state.js';
import { startExpiry } from './expire-zip.js';
import { identity } from './identity.js';
import { zipPlanning, zipSteps, zipTidying } from './policies.js';

type Stop = ZipRefusal | 'cancelled';

/** What the caller sends is checked by the first activity; a run that goes on from another has its state as its argument. */
export async function bulkZip(...args: readonly unknown[]): Promise<BulkZipResult> {
  const desk = openZipDesk();
  const [carry] = args;
  if (workflowInfo().continuedFromExecutionRunId !== undefined && isCarry(carry)) return goOn(desk, carry);
  return carryOut(desk, newZipState(await plan(args)));
}

/** A run that cron or a retry policy starts after another is continued, too, but has what the caller sent. */
const isCarry = (argument: unknown): argument is ZipCarry =>
  typeof argument === 'object' && argument !== null && 'deadlineAtMs' in argument;

function goOn(desk: ZipDesk, carry: ZipCarry): Promise<BulkZipResult> {
  desk.paused ||= carry.paused;
  return carryOut(desk, resumeZipState(carry));
}

async function plan(args: readonly unknown[]): Promise<PlannedZip> {
  const request = { args, ...identity(), startedAtMs: Date.now() };
  const summary = 'find the objects, begin the upload';
  try {
    const answer = await zipPlanning.planZip.executeWithOptions({ summary }, [request]);
    if (answer.kind === 'planned') return answer.job;
    throw failureOf(answer);
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    await CancellationScope.nonCancellable(() => zipTidying.abandonPlan(request).catch(leftLying));
    throw isCancellation(error) ? error : failureOf(unexpected(error));
  }
}

async function carryOut(desk: ZipDesk, state: ZipState): Promise<BulkZipResult> {
  desk.state = state;
  desk.phase = 'restoring';
  showZipDetails(desk);
  const stop = await buildUntilStopped(desk, state);
  if (stop === null && state.handOver) return handOver(desk, state);
  desk.phase = 'reporting';
  showZipDetails(desk);
  const ended = stop ?? (await complete(state));
  if (ended === 'cancelled' || 'kind' in ended) return giveUp(state.job, ended);
  desk.phase = 'done';
  showZipDetails(desk);
  return ended;
}

/** Builds until all is done (null), an entry cannot be had, the time is over, or somebody cancels. */
async function buildUntilStopped(desk: ZipDesk, state: ZipState): Promise<Stop | null> {
  try {
    await inTime(state, () => buildSegments(desk, state));
    return state.refusal;
  } catch (error) {
    const stop = stopOf(state, error);
    return stop === 'cancelled' ? stop : (state.refusal ?? stop);
  }
}

/** The job's one deadline: whatever is under way then is cancelled, and tidies up after itself. */
const inTime = <T>({ deadlineAtMs }: ZipState, work: () => Promise<T>): Promise<T> =>
  CancellationScope.withTimeout(Math.max(1, deadlineAtMs - Date.now()), work);

function stopOf({ deadlineAtMs }: ZipState, error: unknown): Stop {
  if (CancellationScope.current().consideredCancelled) return 'cancelled';
  return isCancellation(error) || Date.now() >= deadlineAtMs ? TOO_LATE : unexpected(error);
}

const TOO_LATE: ZipRefusal = {
  kind: 'refused',
  type: 'ZipError',
  message: 'The ZIP was not built within the time limit',
};

/** A step that failed as a whole; its own words are the innermost. */
function unexpected(error: unknown): ZipRefusal {
  const inner = error instanceof Error ? error.cause : undefined;
  if (inner instanceof Error) return unexpected(inner);
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'refused', type: 'ZipError', message };
}

/** Who gets what is on record before there is anything to get; from then on a cancel comes too late. */
async function complete(state: ZipState): Promise<BulkZipResult | Stop> {
  const { ref } = state.job;
  try {
    if (ref.source.kind === 'attachments') {
      const recorded = await inTime(state, () => zipSteps.recordAccess(ref));
      if (recorded.kind === 'refused') return recorded;
    }
    return await CancellationScope.nonCancellable(() => handOut(state));
  } catch (error) {
    return stopOf(state, error);
  }
}

async function handOut(state: ZipState): Promise<BulkZipResult | ZipRefusal> {
  const { ref } = state.job;
  const completed = await inTime(state, () => zipSteps.zipComplete(ref));
  if (completed.kind === 'refused') return completed;
  await startExpiry(state.job);
  await zipTidying.closeZip(ref).catch(leftLying);
  return completed.result;
}

/** Nothing is left of a job that has no ZIP. */
async function giveUp({ ref }: PlannedZip, stop: Stop): Promise<never> {
  await CancellationScope.nonCancellable(() => zipTidying.abortZip(ref).catch(leftLying));
  throw stop === 'cancelled' ? new CancelledFailure('Cancelled; there is no ZIP.') : failureOf(stop);
}

/** A plan or an upload that cannot be removed is a nuisance; a rule of the bucket ends it. */
const leftLying = (error: unknown): void => log.warn('could not tidy up', { error: String(error) });

const failureOf = ({ type, message, reason, sizes }: ZipRefusal): ApplicationFailure =>
  ApplicationFailure.create({
    nonRetryable: true,
    type,
    message,
    details: [{ ...(reason === undefined ? {} : { reason }), ...sizes }],
  });

/** The next run goes on with a short history; the deadline is absolute and stays. */
async function handOver(desk: ZipDesk, state: ZipState): Promise<never> {
  await condition(allHandlersFinished);
  return continueAsNew<(carry: ZipCarry) => Promise<never>>(carryOfZip(state, desk.paused));
}
