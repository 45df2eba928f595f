/**
 * A job as its callers see it: what they ask for, how it can end, and what they can do with it. Command line and HTTP API
 * speak to `Jobs`; only jobs.ts behind it knows Temporal, so tests hand in a plain object.
 */
import type { ProgressAnswer, ReportTexts, RestorePreview, RestoreResult } from '../core/contract.js';
import type { BulkZipResult, Compression, OnError, ZipSizes } from '../core/zip-contract.js';

/** The workflow's argument, as CONTRACT §1 has it. */
export interface RestoreRequest {
  readonly raw_file_ids: readonly string[];
  readonly files?: readonly string[];
  readonly dry_run?: boolean;
  readonly verify_only?: boolean;
}

/** The argument of the workflow `bulkZip`, as CONTRACT §2 has it. */
export type ZipRequest = ZipRequestSource & {
  readonly on_error?: OnError;
  readonly compression?: Compression;
};

export type ZipRequestSource =
  | {
      readonly attachments: {
        readonly workspace_id: string;
        readonly client_id: string;
        readonly attachment_ids: readonly string[];
        readonly requested_by: string;
      };
    }
  | { readonly prefix: string; readonly output: string };

/** Who asked over HTTP, and for what: kept in the job's memo, so that nobody else gets to see it. */
export interface JobOrigin {
  readonly user: string;
  readonly workspace: string;
  /** Digest of what was asked, so that a repeated Idempotency-Key is told from a reused one. */
  readonly requestHash: string;
}

export interface Job {
  readonly workflowId: string;
  /** The id of the first run: the same through continue-as-new. */
  readonly runId: string;
}

/** Every way in which a whole job can end. */
export type JobEnding =
  | { readonly kind: 'completed'; readonly result: RestoreResult | RestorePreview }
  | { readonly kind: 'incomplete'; readonly result: RestoreResult; readonly message: string }
  | { readonly kind: 'cancelled'; readonly result: RestoreResult | null }
  | {
      readonly kind: 'failed';
      readonly type: string;
      readonly message: string;
      /** Where the job has reports all the same: it ended before it had a plan. */
      readonly result?: RestoreResult;
    }
  | { readonly kind: 'terminated'; readonly message: string }
  | { readonly kind: 'timed_out'; readonly message: string };

/** Every way in which a bulk ZIP can end. */
export type ZipEnding =
  | { readonly kind: 'completed'; readonly result: BulkZipResult }
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'failed';
      readonly type: string;
      readonly message: string;
      /** What the failure's details add: `workspace-inactive`, `unavailable`, `audit-unavailable`, `misconfigured`. */
      readonly reason: string | null;
      /** Where the ZIP would be too large. */
      readonly sizes?: ZipSizes;
    }
  | { readonly kind: 'terminated'; readonly message: string }
  | { readonly kind: 'timed_out'; readonly message: string };

export interface JobState extends Job {
  /** The workflow type: `restore`, `bulkZip`, … */
  readonly type: string;
  /** Temporal's word for it in lower case: `running`, `completed`, `failed`, `cancelled`, … */
  readonly status: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** It runs, and somebody has cancelled it; absent: no. */
  readonly isCancelling?: boolean;
  /** Null where the job was not started over HTTP. */
  readonly origin: JobOrigin | null;
}

/** All that can be done with jobs. Every method rejects with a `Problem`. */
export interface Jobs {
  readonly taskQueue: string;
  /** With an origin an id is used again only after a failure; `already-running` where it is taken. */
  startRestore(request: RestoreRequest, workflowId: string, origin?: JobOrigin): Promise<Job>;
  /** `again`: the id is used again after a success, too. */
  startZip(request: ZipRequest, workflowId: string, origin?: JobOrigin, again?: boolean): Promise<Job>;
  /** Null where the job cannot answer at the moment: before its first step, or without a worker. */
  progress(workflowId: string): Promise<ProgressAnswer | null>;
  /** Waits for the end, through every continue-as-new. */
  ending(workflowId: string): Promise<JobEnding>;
  /** The same for a bulk ZIP. */
  zipEnding(workflowId: string): Promise<ZipEnding>;
  state(workflowId: string): Promise<JobState>;
  /** Ids of running jobs that begin with one of these; a job that was started just now may be missing. */
  runningIds(prefixes: readonly string[]): Promise<readonly string[]>;
  cancel(workflowId: string): Promise<void>;
  /** Notes in the job that somebody besides whoever began it wants it. Nothing happens where it has ended. */
  want(workflowId: string): Promise<void>;
  /** Whether somebody has said so. */
  isWanted(workflowId: string): Promise<boolean>;
  pause(workflowId: string): Promise<void>;
  resume(workflowId: string): Promise<void>;
  /** Without paths the worker writes the reports now, from what is on its disk. */
  reportTexts(workflowId: string, paths: readonly string[]): Promise<ReportTexts>;
  isWorkerListening(): Promise<boolean>;
  close(): Promise<void>;
}

export const isPreview = (result: RestoreResult | RestorePreview): result is RestorePreview =>
  'dry_run' in result;

/** The result of a job that restored, however it ended; null where there is none. */
export function resultOf(ending: JobEnding): RestoreResult | null {
  if (ending.kind === 'incomplete' || ending.kind === 'cancelled') return ending.result;
  if (ending.kind === 'failed') return ending.result ?? null;
  return ending.kind === 'completed' && !isPreview(ending.result) ? ending.result : null;
}

/** Whether the time limit of the job cut the work short: `Not started (deadline)`, `Interrupted (deadline)`. */
export function hitDeadline(ending: JobEnding): boolean {
  if (ending.kind === 'timed_out') return true;
  if (ending.kind !== 'incomplete') return false;
  const { result, message } = ending;
  // Only the first 100 failures are listed; the message speaks for the rest.
  return (
    message.startsWith('Stopped at the time limit') ||
    result.failures.some(({ status }) => status.endsWith('(deadline)'))
  );
}
