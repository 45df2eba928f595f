/** Where a running bulk ZIP stands, and how it changes: nothing here talks to anybody. */
import type { PlannedZip, ZipAppended, ZipCarry, ZipRefusal, ZipTally } from '../core/zip-contract.js';
import { withSample, type Samples } from './rate.js';

/** Zero until the segment has told of itself. */
export interface SegmentBytes {
  readonly done: number;
  readonly total: number;
}

export interface ZipState {
  readonly job: PlannedZip;
  readonly deadlineAtMs: number;
  nextSegment: number;
  /** True once this run begins no more segments, because the next run shall. */
  handOver: boolean;
  /** Why there will be no ZIP. */
  refusal: ZipRefusal | null;
  tally: ZipTally;
  /** The segments under way. */
  readonly current: Map<number, SegmentBytes>;
  samples: Samples;
}

export const newZipState = (job: PlannedZip): ZipState => ({
  job,
  deadlineAtMs: job.ref.startedAtMs + job.ref.limits.timeoutMs,
  nextSegment: 0,
  handOver: false,
  refusal: null,
  tally: { segmentsDone: 0, entriesDone: 0, entriesSkipped: job.refused, bytesDone: 0 },
  current: new Map(),
  samples: [],
});

export const carryOfZip = (
  { job, deadlineAtMs, nextSegment, tally }: ZipState,
  paused: boolean,
): ZipCarry => ({
  job,
  deadlineAtMs,
  nextSegment,
  tally,
  paused,
});

export const resumeZipState = ({ job, deadlineAtMs, nextSegment, tally }: ZipCarry): ZipState => ({
  ...newZipState(job),
  deadlineAtMs,
  nextSegment,
  tally,
});

/** Counts a segment that is in S3. */
export function addSegment(state: ZipState, { entries, skipped, bytes }: ZipAppended, atMs: number): void {
  const { tally } = state;
  state.tally = {
    segmentsDone: tally.segmentsDone + 1,
    entriesDone: tally.entriesDone + entries,
    entriesSkipped: tally.entriesSkipped + skipped,
    bytesDone: tally.bytesDone + bytes,
  };
  state.samples = withSample(state.samples, atMs, bytesSoFar(state));
}

/** A segment under way tells how far it is. */
export function followSegment(state: ZipState, segment: number, bytes: SegmentBytes, atMs: number): void {
  if (!state.current.has(segment)) return;
  state.current.set(segment, bytes);
  state.samples = withSample(state.samples, atMs, bytesSoFar(state));
}

/** Of finished segments and of those under way. */
export const bytesSoFar = ({ job, tally, current }: ZipState): number =>
  Math.min(
    job.bytes,
    [...current.values()].reduce((sum, { done }) => sum + done, tally.bytesDone),
  );
