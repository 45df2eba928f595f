/**
 * The wire of the bulk ZIP (CONTRACT §2): what the workflow `bulkZip`, its activities and its callers say to one another. File
 * names of attachments are health information: no type here has a place for one.
 */

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
}

/** The counts of a plan; its lists are objects below workPrefix (history stays small). */
export interface PlannedZip {
  readonly ref: ZipJobRef;
  readonly entries: number;
  readonly bytes: number;
  readonly segments: number;
  readonly fileName: string;
  readonly timeoutMs: number;
}

export interface ZipPlanRequest {
  readonly args: readonly unknown[];
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAtMs: number;
}

/** `NotFound`, `TooLarge` and `StorageError` are expected: values, not exceptions. Messages never hold a file name of an attachment. */
export type ZipPlanAnswer =
  | { readonly kind: 'planned'; readonly job: PlannedZip }
  | { readonly kind: 'refused'; readonly type: ZipFailureType; readonly message: string };

export type ZipFailureType =
  'InvalidInput' | 'NotFound' | 'TooLarge' | 'StorageError' | 'ZipError' | 'AuditUnavailable';

/** Builds segment `segment` (a run of small entries, or a large object's pieces) and uploads its parts. */
export interface ZipAppendStep {
  readonly job: ZipJobRef;
  readonly segment: number;
}

export type ZipAppendAnswer =
  | { readonly kind: 'appended'; readonly entries: number; readonly skipped: number; readonly bytes: number }
  | { readonly kind: 'refused'; readonly type: ZipFailureType; readonly message: string };

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

export type ZipCompleteAnswer =
  | { readonly kind: 'completed'; readonly result: BulkZipResult }
  | { readonly kind: 'refused'; readonly type: ZipFailureType; readonly message: string };

export interface ZipActivities {
  /** Parses the input, makes the isolation query, asks S3 for sizes and ETags, lays the entries out, begins the upload. */
  planZip(request: ZipPlanRequest): Promise<ZipPlanAnswer>;
  /** Writes the central directory, completes the upload, removes the plan. Repeatable after its answer got lost. */
  zipComplete(job: ZipJobRef): Promise<ZipCompleteAnswer>;
  /** Writes the READ event of HIPAA's audit trail; must not be answered before it is durable. Repeatable: one event for each job. */
  recordAccess(step: { readonly job: ZipJobRef; readonly sizeBytes: number }): Promise<void>;
  /** Gives the upload up and removes the plan: after a failure or a cancel. Repeatable. */
  abortZip(job: ZipJobRef): Promise<void>;
}

/** On the transfer queue: each holds one of the host's slots. */
export interface ZipTransferActivities {
  zipAppend(step: ZipAppendStep): Promise<ZipAppendAnswer>;
}
