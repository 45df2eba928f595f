/**
 * The wire, on one page: what workflows and activities say to one another and to the outside. Names here are stable:
 * operators start `restore` by hand, scripts read its result, and running jobs outlive deployments.
 */
import type { Evidence, FileOutcome, StopReason } from './outcome.js';

export const DEFAULT_TASK_QUEUE = 'stowage';

/** Transfers have a queue of their own, so that a worker host never runs more of them than it has slots. */
export const transferQueue = (taskQueue: string): string => `${taskQueue}-transfer`;

export const PROGRESS_QUERY = 'progress';
export const PAUSE_SIGNAL = 'pause';
export const RESUME_SIGNAL = 'resume';
/** Activities tell the running job how far a transfer has come; not meant for people. */
export const TRANSFER_SIGNAL = '_transfer';

/** Files of one page of a plan: who writes the pages and who counts through them must agree. */
export const PAGE_FILES = 100;

/** What the catalogue says a file's bytes are. Digests are lower-case hex, null where the catalogue has none. */
export interface Expected {
  readonly sizeBytes: number | null;
  readonly md5: string | null;
  readonly etag: string | null;
  /** The part size the ETag was made with; for entries without an ETag the size of our own ranges. */
  readonly partSizeBytes: number;
}

/** Everything that is needed to restore one file; computed once, by the plan. */
export interface FilePlan {
  readonly index: number;
  readonly rawFileId: string;
  /** Path below the destination, as the catalogue has it. */
  readonly file: string;
  /** The absolute folder of the project. */
  readonly destination: string;
  readonly bucket: string;
  readonly key: string;
  readonly expected: Expected;
  /** Names the filesystem of the destination, so that a full one stops only its own files. */
  readonly filesystem: string;
}

/** The limits of a job, from the worker's settings. */
export interface JobLimits {
  readonly timeoutMs: number;
  readonly retries: number;
  readonly retryDelayMs: number;
}

/** What every activity of a job is told about it. */
export interface JobRef {
  readonly workflowId: string;
  /** The id of the job's first run: the same through continue-as-new. */
  readonly runId: string;
  /** The absolute folder of the job's plan and outcomes. */
  readonly folder: string;
  readonly verifyOnly: boolean;
  readonly startedAtMs: number;
}

/** The counts of a written plan; the lists stay on disk, because history is small (docs/decisions/0003). */
export interface PlannedJob {
  readonly ref: JobRef;
  readonly limits: JobLimits;
  readonly rawFiles: number;
  readonly files: number;
  readonly bytes: number;
  /** Files that the plan itself refused; their outcomes are written already. */
  readonly filesRefused: number;
  readonly rawFilesRefused: number;
  /** Files restored one activity at a time, visible in the Web UI: how many pages of them. */
  readonly chainPages: number;
  /** Small files restored a page at a time. */
  readonly smallPages: number;
  readonly destinations: readonly string[];
  /** How many files each raw file has to restore: for the count of those that are done. */
  readonly filesOfRawFiles: FileCounts;
}

/** Numbers of files by raw file id. */
export type FileCounts = Readonly<Record<string, number>>;

export interface PlanRequest {
  /** Whatever the caller sent: the first activity is the one door where it is checked. */
  readonly args: readonly unknown[];
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAtMs: number;
}

/** A job that never got a plan, and what its report says of every raw file it was asked for. */
export interface UnplannedRequest extends PlanRequest {
  readonly error: string;
}

export type PlanAnswer =
  | { readonly kind: 'invalid'; readonly message: string }
  /** Not even the plan can be written: the report is in the result itself. */
  | { readonly kind: 'unwritable'; readonly result: RestoreResult }
  /** The job's time limit was over before there was a plan. */
  | { readonly kind: 'too-late' }
  | { readonly kind: 'preview'; readonly preview: RestorePreview }
  | { readonly kind: 'planned'; readonly job: PlannedJob };

/** A dry run's result (CONTRACT §1). */
export interface RestorePreview {
  readonly dry_run: true;
  readonly raw_files: readonly {
    readonly raw_file_id: string;
    readonly project_id: string | null;
    readonly destination: string | null;
    readonly files: number;
    readonly bytes: number;
    readonly download: number;
    readonly skip: number;
    readonly heal: number;
    readonly bytes_to_download: number;
    readonly error: string | null;
  }[];
  readonly filesystems: readonly {
    readonly path: string;
    readonly needed_bytes: number;
    readonly free_bytes: number;
  }[];
  readonly problems: readonly {
    readonly raw_file_id: string;
    readonly file: string;
    readonly status: string;
  }[];
  readonly problems_omitted: number;
}

/** The object as S3 had it at the check; every later request is pinned to this ETag. */
export interface PinnedSource {
  readonly etag: string;
  readonly versionId: string | null;
  readonly sizeBytes: number;
  /** False under SSE-KMS and SSE-C, where S3's ETag is not a digest of the bytes. */
  readonly etagIsDigest: boolean;
}

export type LocalState = 'absent' | 'wrong';

/** What one file has cost the job: bytes fetched from S3, and milliseconds of fetching and verifying; waits do not count. */
export interface Spent {
  readonly bytes: number;
  readonly elapsedMs: number;
}

/** The same and the number of downloads, of all downloads of the file so far: those that failed or came wrong as well. */
export interface Transfer extends Spent {
  readonly attempts: number;
}

export const NOT_FETCHED: Transfer = { bytes: 0, elapsedMs: 0, attempts: 0 };

interface Ended {
  readonly kind: 'ended';
  readonly outcome: FileOutcome;
}
export type EtagAnswer = Ended | { readonly kind: 'right'; readonly source: PinnedSource };
export type LocalAnswer = Ended | { readonly kind: 'fetch'; readonly local: LocalState };
export type DownloadAnswer = Ended | { readonly kind: 'fetched'; readonly transfer: Transfer };
/** `again`: the fetched bytes were wrong and are gone; they may be fetched once more. `transfer` includes this verification. */
export type VerifyAnswer =
  Ended | { readonly kind: 'again'; readonly evidence: Evidence; readonly transfer: Transfer };

export interface FileStep {
  readonly job: JobRef;
  readonly file: FilePlan;
  readonly limits: JobLimits;
}
export interface SourceStep extends FileStep {
  readonly source: PinnedSource;
}
export interface DownloadStep extends SourceStep {
  readonly local: LocalState;
  /** The downloads of this file that were made already, and found wrong. */
  readonly before: Transfer;
}
export interface VerifyStep extends DownloadStep {
  readonly transfer: Transfer;
  /** True where a wrong file will not be fetched again: then this step ends the story. */
  readonly lastTry: boolean;
}
/** An ending that no step could write down itself, because the step failed as a whole. */
export interface ConcludeStep extends FileStep {
  readonly outcome: FileOutcome;
  readonly local: LocalState;
}

export interface PlanPageStep {
  readonly job: JobRef;
  readonly page: number;
}
export interface PageStep extends PlanPageStep {
  readonly limits: JobLimits;
  /** Filesystems known to be full: their files are not begun. */
  readonly fullFilesystems: readonly string[];
}
export interface PageAnswer {
  readonly files: number;
  readonly failed: number;
  readonly bytes: number;
  readonly bytesDownloaded: number;
  readonly fullFilesystems: readonly string[];
  /** The page's files by raw file. */
  readonly filesOfRawFiles?: FileCounts;
}

export interface ReportRequest {
  readonly job: JobRef;
  /** Why files may be without an outcome; null where the job ran to its end. */
  readonly stop: Exclude<StopReason, 'disk full'> | null;
  readonly fullFilesystems: readonly string[];
}

/** The result of a restore (CONTRACT §1), and the details of its failure. */
export interface RestoreResult {
  readonly status: 'SUCCESS' | 'PARTIAL FAILURE';
  readonly raw_files: number;
  readonly files: number;
  readonly successful: number;
  readonly failed: number;
  readonly bytes_downloaded: number;
  readonly duration_s: number;
  readonly reports: readonly string[];
  readonly failures: readonly {
    readonly raw_file_id: string;
    readonly file: string | null;
    readonly status: string;
  }[];
  readonly failures_omitted: number;
  /**
   * Only where a report could not be written anywhere: its text, cut where all of them together are too long for a result. The
   * job's folder stays, so that the whole report can still be written (rescueReport).
   */
  readonly unwritten_reports?: readonly {
    readonly destination: string;
    readonly problem: string;
    readonly text: string;
  }[];
}

/** The texts of a job's reports, for whoever cannot see the worker's disk; `path` is the destination of one that is not written. */
export interface ReportTexts {
  readonly reports: readonly { readonly path: string; readonly text: string; readonly truncated: boolean }[];
}

export interface RestoreActivities {
  planRestore(request: PlanRequest): Promise<PlanAnswer>;
  readPlanPage(step: PlanPageStep): Promise<readonly FilePlan[]>;
  s3EtagCheck(step: FileStep): Promise<EtagAnswer>;
  localCheck(step: SourceStep): Promise<LocalAnswer>;
  localVerify(step: VerifyStep): Promise<VerifyAnswer>;
  concludeFile(step: ConcludeStep): Promise<FileOutcome>;
  writeReport(request: ReportRequest): Promise<RestoreResult>;
  /** The report of a job that ended while it was planning; null where none is due (a dry run, an invalid input). */
  reportUnplanned(request: UnplannedRequest): Promise<RestoreResult | null>;
  /** Removes the job's folder, once all its reports are written. */
  closeJob(job: JobRef): Promise<void>;
  readReport(request: { readonly paths: readonly string[] }): Promise<ReportTexts>;
  /** The reports of a job that ended without them (terminated, or nowhere to write): written now, from what is on disk. */
  rescueReport(request: { readonly workflowId: string }): Promise<RestoreResult | null>;
}

/** Activities on the transfer queue: they hold a slot. */
export interface TransferActivities {
  download(step: DownloadStep): Promise<DownloadAnswer>;
  restorePage(step: PageStep): Promise<PageAnswer>;
}

/** A transfer's state, sent by activities to the job while it runs. */
export interface TransferUpdate {
  readonly index: number;
  readonly rawFileId: string;
  readonly file: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** The answer to the query `progress` (CONTRACT §1). */
export interface ProgressAnswer {
  readonly phase: 'planning' | 'restoring' | 'paused' | 'reporting' | 'done';
  readonly raw_files_total: number;
  readonly raw_files_done: number;
  readonly files_total: number;
  readonly files_done: number;
  readonly files_failed: number;
  readonly bytes_total: number;
  readonly bytes_done: number;
  readonly rate_bytes_per_s: number;
  readonly eta_s: number | null;
  readonly current: readonly {
    readonly raw_file_id: string;
    readonly file: string;
    readonly state: string;
    readonly bytes_done: number;
    readonly bytes_total: number;
  }[];
}

/** What `restore` hands to its next run when its history has grown (continue-as-new). */
export interface RestoreCarry {
  /** Without the files of each raw file: those that are open say enough, and Temporal takes 2 MB. */
  readonly job: Omit<PlannedJob, 'filesOfRawFiles'>;
  readonly deadlineAtMs: number;
  readonly nextChainFile: number;
  readonly nextSmallPage: number;
  readonly tally: Tally;
  readonly recentFailures: readonly string[];
  /** Files that have not ended yet, by raw file. */
  readonly openOfRawFiles: FileCounts;
  readonly fullFilesystems: readonly string[];
  readonly paused: boolean;
}

export interface Tally {
  readonly filesDone: number;
  readonly filesFailed: number;
  readonly bytesDone: number;
  readonly bytesDownloaded: number;
}
