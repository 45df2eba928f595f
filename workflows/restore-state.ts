/** Where a running restore stands, and how it changes: nothing here talks to anybody. */
import type { FileCounts, FilePlan, PageAnswer, PlannedJob, RestoreCarry, Tally } from '../core/contract.js';
import { isSuccess, statusText } from '../core/outcome.js';
import type { FileOutcome } from '../core/outcome.js';
import { rateOver, withSample } from './rate.js';
import type { Samples } from './rate.js';

export interface CurrentFile {
  readonly rawFileId: string;
  readonly file: string;
  readonly state: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface RestoreState {
  readonly job: RestoreCarry['job'];
  readonly deadlineAtMs: number;
  nextChainFile: number;
  nextSmallPage: number;
  /** True once this run begins no more files, because the next run shall. */
  handOver: boolean;
  tally: Tally;
  recentFailures: readonly string[];
  /** Files that have not ended yet, by raw file; one without any is done. */
  readonly openOfRawFiles: Map<string, number>;
  readonly fullFilesystems: Set<string>;
  readonly current: Map<number, CurrentFile>;
  /** Bytes done at moments of the last minute, for the rate. */
  samples: Samples;
}

const SHOWN_FAILURES = 10;

/** A job of which no file has ended but those that the plan refused; `deadlineAtMs` by the workflow's clock. */
export const newState = ({ filesOfRawFiles, ...job }: PlannedJob, deadlineAtMs: number): RestoreState => ({
  job,
  deadlineAtMs,
  nextChainFile: 0,
  nextSmallPage: 0,
  handOver: false,
  tally: { filesDone: job.filesRefused, filesFailed: job.filesRefused, bytesDone: 0, bytesDownloaded: 0 },
  recentFailures: [],
  openOfRawFiles: new Map(Object.entries(filesOfRawFiles)),
  fullFilesystems: new Set(),
  current: new Map(),
  samples: [],
});

/** All that the next run needs, as JSON; what is under way ends before that and the rate's samples are not worth carrying. */
export const carryOf = (state: RestoreState, paused: boolean): RestoreCarry => ({
  job: state.job,
  deadlineAtMs: state.deadlineAtMs,
  nextChainFile: state.nextChainFile,
  nextSmallPage: state.nextSmallPage,
  tally: state.tally,
  recentFailures: state.recentFailures,
  openOfRawFiles: Object.fromEntries(state.openOfRawFiles),
  fullFilesystems: [...state.fullFilesystems],
  paused,
});

/** The state as it was when carryOf was asked, in a run that has not handed over. */
export const resumeState = (carry: RestoreCarry): RestoreState => ({
  ...newState({ ...carry.job, filesOfRawFiles: carry.openOfRawFiles }, carry.deadlineAtMs),
  nextChainFile: carry.nextChainFile,
  nextSmallPage: carry.nextSmallPage,
  tally: carry.tally,
  recentFailures: carry.recentFailures,
  fullFilesystems: new Set(carry.fullFilesystems),
});

/** Counts one file's ending. */
export function addEnding(state: RestoreState, file: FilePlan, { ending, bytes }: FileOutcome): void {
  const failed = !isSuccess(ending);
  if (ending.code === 'disk-full') state.fullFilesystems.add(file.filesystem);
  if (failed)
    state.recentFailures = [...state.recentFailures, `${file.file}: ${statusText(ending)}`].slice(
      -SHOWN_FAILURES,
    );
  endFiles(state, { [file.rawFileId]: 1 });
  add(state, {
    filesDone: 1,
    filesFailed: failed ? 1 : 0,
    bytesDone: file.expected.sizeBytes ?? 0,
    bytesDownloaded: bytes,
  });
}

/** A file whose filesystem is full is not begun; the report says so. */
export function addUnbegun(state: RestoreState, file: FilePlan): void {
  endFiles(state, { [file.rawFileId]: 1 });
  add(state, { filesDone: 1, filesFailed: 1, bytesDone: file.expected.sizeBytes ?? 0, bytesDownloaded: 0 });
}

/** Counts a page of small files. */
export function addPage(
  state: RestoreState,
  { files, failed, bytes, bytesDownloaded, fullFilesystems, filesOfRawFiles = {} }: PageAnswer,
): void {
  endFiles(state, filesOfRawFiles);
  for (const name of fullFilesystems) state.fullFilesystems.add(name);
  add(state, { filesDone: files, filesFailed: failed, bytesDone: bytes, bytesDownloaded });
}

function endFiles({ openOfRawFiles }: RestoreState, ended: FileCounts): void {
  for (const [rawFileId, count] of Object.entries(ended)) {
    const open = (openOfRawFiles.get(rawFileId) ?? 0) - count;
    if (open > 0) openOfRawFiles.set(rawFileId, open);
    else openOfRawFiles.delete(rawFileId);
  }
}

function add(state: RestoreState, more: Tally): void {
  const { tally } = state;
  state.tally = {
    filesDone: tally.filesDone + more.filesDone,
    filesFailed: tally.filesFailed + more.filesFailed,
    bytesDone: tally.bytesDone + more.bytesDone,
    bytesDownloaded: tally.bytesDownloaded + more.bytesDownloaded,
  };
}

/** Bytes of ended files and of the transfers under way. */
export const bytesSoFar = ({ tally, current }: RestoreState): number =>
  [...current.values()].reduce((sum, { bytesDone }) => sum + bytesDone, tally.bytesDone);

/** Remembers how far the job is now, for its rate. */
export function sample(state: RestoreState, atMs: number): void {
  state.samples = withSample(state.samples, atMs, bytesSoFar(state));
}

/** Bytes per second over the last minute. */
export const rateOf = ({ samples }: RestoreState): number => rateOver(samples);
