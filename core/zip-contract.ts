/**
 * The wire of the bulk ZIP (CONTRACT §2): what the workflow `bulkZip`, its activities and its callers say to one another. File
 * names of attachments are health information: no type here has a place for one.
 */

import type { JobLimits } from './contract.js';

export const ZIP_WORKFLOW = 'bulkZip';

/** How an entry is written; `deflate` is never used for what is compressed already. */
export type Compression = 'store' | 'deflate';
export type OnError = 'fail' | 'skip';

/** Which files go into the ZIP: as the caller asked, checked by the plan, and asked again by every activity. */
export type ZipSource =
  | {
      readonly kind: 'attachments';
      readonly workspaceId: string;
      readonly clientId: string;
      /** In the order of the request, lower case, without duplicates. */
      readonly attachmentIds: readonly string[];
      readonly requestedBy: string;
    }
  | { readonly kind: 'objects' };

export interface ZipTarget {
  readonly bucket: string;
  readonly key: string;
}

/** What every activity of a ZIP job is told about it. */
export interface ZipJobRef {
  readonly workflowId: string;
  readonly runId: string;
  readonly source: ZipSource;
  readonly target: ZipTarget;
  readonly uploadId: string;
  readonly onError: OnError;
  readonly compression: Compression;
  /** Where the plan's pages and the segments' records lie: objects below this key in the target bucket, removed at the end. */
  readonly workPrefix: string;
  readonly limits: JobLimits;
  readonly startedAtMs: number;
}

/** The counts of a plan; its lists are objects below workPrefix (history stays small). */
export interface PlannedZip {
  readonly ref: ZipJobRef;
  readonly entries: number;
  /** Of these entries the plan itself left out so many. */
  readonly refused: number;
  readonly bytes: number;
  readonly segments: number;
  readonly fileName: string;
  /** How long the finished ZIP stays, by the settings of the worker that planned it; absent: for ever. */
  readonly ttlMs?: number;
}

/** The argument of the workflow `expireZip`. */
export interface ZipExpiry {
  readonly target: ZipTarget;
  readonly ttlMs: number;
}

export interface ZipPlanRequest {
  /** Whatever the caller sent: the first activity is the one door where it is checked. */
  readonly args: readonly unknown[];
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAtMs: number;
}

export type ZipFailureType = 'InvalidInput' | 'NotFound' | 'TooLarge' | 'StorageError' | 'ZipError';

/** What callers need to know besides the type; in the details of the workflow's failure. */
export type ZipFailureReason = 'workspace-inactive' | 'unavailable' | 'audit-unavailable' | 'misconfigured';

/** Of a ZIP that would be too large; in the details of the failure, too. */
export interface ZipSizes {
  readonly limit_bytes: number;
  readonly actual_bytes: number;
}

/** An expected ending: a value, not an exception. The message never holds a file name of an attachment. */
export interface ZipRefusal {
  readonly kind: 'refused';
  readonly type: ZipFailureType;
  readonly message: string;
  readonly reason?: ZipFailureReason;
  readonly sizes?: ZipSizes;
}

export type ZipPlanAnswer = ZipRefusal | { readonly kind: 'planned'; readonly job: PlannedZip };

/** Builds segment `segment` (a run of small entries, or a large object's pieces) and uploads its parts. */
export interface ZipAppendStep {
  readonly job: ZipJobRef;
  readonly segment: number;
}

export interface ZipAppended {
  readonly kind: 'appended';
  readonly entries: number;
  readonly skipped: number;
  /** Of the sources of all its entries, also of those that were skipped. */
  readonly bytes: number;
}

export type ZipAppendAnswer = ZipRefusal | ZipAppended;

export interface ZipSkipped {
  /** Of an attachment. */
  readonly id?: string;
  /** Of an object. */
  readonly uri?: string;
  readonly reason: string;
}

/** The result of a bulk ZIP (CONTRACT §2). */
export interface BulkZipResult {
  readonly status: 'complete' | 'partial';
  readonly uri: string;
  readonly file_name: string;
  readonly size_bytes: number;
  readonly entries: number;
  readonly skipped: readonly ZipSkipped[];
  readonly skipped_omitted?: number;
}

export type ZipCompleteAnswer = ZipRefusal | { readonly kind: 'completed'; readonly result: BulkZipResult };

export type ZipAccessAnswer = ZipRefusal | { readonly kind: 'recorded' };

export interface ZipActivities {
  /** Parses the input, makes the isolation query, asks S3 for sizes and ETags, lays the entries out, begins the upload. */
  planZip(request: ZipPlanRequest): Promise<ZipPlanAnswer>;
  /** Writes the READ event of HIPAA's audit trail; is not answered before it is durable. One event for each job. */
  recordAccess(job: ZipJobRef): Promise<ZipAccessAnswer>;
  /** Writes the central directory and completes the upload. Repeatable after its answer got lost, until closeZip. */
  zipComplete(job: ZipJobRef): Promise<ZipCompleteAnswer>;
  /** Removes the plan of a completed job. */
  closeZip(job: ZipJobRef): Promise<void>;
  /** Gives the upload up and removes the plan: after a failure or a cancel. Repeatable. */
  abortZip(job: ZipJobRef): Promise<void>;
  /** The same for a job whose plan got lost on its way to the workflow. */
  abandonPlan(request: ZipPlanRequest): Promise<void>;
  /** Removes a finished ZIP of attachments. Repeatable. */
  removeZip(target: ZipTarget): Promise<void>;
}

/** On the transfer queue: each holds one of the host's slots. */
export interface ZipTransferActivities {
  zipAppend(step: ZipAppendStep): Promise<ZipAppendAnswer>;
}

/** What `bulkZip` hands to its next run when its history has grown (continue-as-new). */
export interface ZipCarry {
  readonly job: PlannedZip;
  readonly deadlineAtMs: number;
  readonly nextSegment: number;
  readonly tally: ZipTally;
  readonly paused: boolean;
}

export interface ZipTally {
  readonly segmentsDone: number;
  readonly entriesDone: number;
  readonly entriesSkipped: number;
  readonly bytesDone: number;
}
