/** How jobs end, from Temporal's failures to our unions. */
import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowFailedError,
} from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { RestorePreview, RestoreResult } from '../core/contract.js';
import type { BulkZipResult, ZipSizes } from '../core/zip-contract.js';
import type { JobEnding, ZipEnding } from './job.js';

/** Waits for the end of a restore. */
export async function waitForEnding(handle: WorkflowHandle): Promise<JobEnding> {
  try {
    return { kind: 'completed', result: (await handle.result()) as RestoreResult | RestorePreview };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (error.cause instanceof CancelledFailure)
      return { kind: 'cancelled', result: await cancelledResult(handle) };
    return failedEnding(error.cause);
  }
}

/** Waits for the end of a bulk ZIP. */
export async function waitForZipEnding(handle: WorkflowHandle): Promise<ZipEnding> {
  try {
    return { kind: 'completed', result: (await handle.result()) as BulkZipResult };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return error.cause instanceof CancelledFailure ? { kind: 'cancelled' } : failedZip(error.cause);
  }
}

/** A cancelled workflow has no result, and the SDK drops the details of its cancellation: the job leaves them in its memo. */
async function cancelledResult(handle: WorkflowHandle): Promise<RestoreResult | null> {
  const { memo } = await handle.describe();
  return (memo?.['result'] as RestoreResult | undefined) ?? null;
}

function failedEnding(cause: unknown): JobEnding {
  const ended = endedFromOutside(cause);
  if (ended !== null) return ended;
  if (!(cause instanceof ApplicationFailure))
    return { kind: 'failed', type: 'Error', message: String(cause) };
  const { message } = cause;
  const [result] = (cause.details ?? []) as readonly RestoreResult[];
  if (cause.type === 'RestoreIncomplete' && result) return { kind: 'incomplete', result, message };
  return { kind: 'failed', type: cause.type ?? 'Error', message, ...(result ? { result } : {}) };
}

type FailureDetail = { readonly reason?: string } & Partial<ZipSizes>;

function failedZip(cause: unknown): ZipEnding {
  const ended = endedFromOutside(cause);
  if (ended !== null) return ended;
  if (!(cause instanceof ApplicationFailure))
    return { kind: 'failed', type: 'Error', message: String(cause), reason: null };
  const [detail] = (cause.details ?? []) as readonly (FailureDetail | null)[];
  const { limit_bytes, actual_bytes } = detail ?? {};
  return {
    kind: 'failed',
    type: cause.type ?? 'Error',
    message: cause.message,
    reason: detail?.reason ?? null,
    ...(limit_bytes === undefined || actual_bytes === undefined
      ? {}
      : { sizes: { limit_bytes, actual_bytes } }),
  };
}

function endedFromOutside(cause: unknown) {
  if (cause instanceof TerminatedFailure) return { kind: 'terminated', message: cause.message } as const;
  if (cause instanceof TimeoutFailure) return { kind: 'timed_out', message: cause.message } as const;
  return null;
}
