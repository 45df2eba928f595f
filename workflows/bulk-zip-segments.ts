/** The segments of a ZIP, several at once, each built by one activity on any worker. */
import { CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import { transferQueue } from '../core/contract.js';
import { segmentName, showZipDetails } from './bulk-zip-desk.js';
import type { ZipDesk } from './bulk-zip-desk.js';
import { addSegment } from './bulk-zip-state.js';
import type { ZipState } from './bulk-zip-state.js';
import { zipTransfersOn } from './policies.js';
import { pool } from './pool.js';

/** Enough for two hosts; not so many that one job keeps others out. */
const SEGMENTS_IN_FLIGHT = 4;

/** Returns when all segments are in S3, one was refused (state.refusal), or this run has grown long (state.handOver). */
export const buildSegments = (desk: ZipDesk, state: ZipState): Promise<void> =>
  pool(
    SEGMENTS_IN_FLIGHT,
    () => nextSegment(desk, state),
    (segment) => buildSegment(desk, state, segment),
  );

/** Nothing new is begun during a pause, nor by a run whose history has grown (Temporal ends a run at 51,200 events). */
async function nextSegment(desk: ZipDesk, state: ZipState): Promise<number | null> {
  await condition(() => !desk.paused);
  const isOver = state.handOver || state.refusal !== null;
  if (isOver || state.nextSegment >= state.job.segments) return null;
  if (workflowInfo().continueAsNewSuggested) state.handOver = true;
  return state.nextSegment++;
}

async function buildSegment(desk: ZipDesk, state: ZipState, segment: number): Promise<void> {
  const { ref, segments } = state.job;
  const transfers = zipTransfersOn(transferQueue(workflowInfo().taskQueue));
  state.current.set(segment, { done: 0, total: 0 });
  showZipDetails(desk);
  const options = { summary: segmentName(segment, segments) };
  const answer = await transfers.zipAppend.executeWithOptions(options, [{ job: ref, segment }]);
  state.current.delete(segment);
  if (answer.kind === 'appended') addSegment(state, answer, Date.now());
  else refuse(state, answer);
  showZipDetails(desk);
}

/** One entry that cannot be had ends the job: the other segments need not go on. */
function refuse(state: ZipState, refusal: NonNullable<ZipState['refusal']>): void {
  state.refusal ??= refusal;
  CancellationScope.current().cancel();
}
