import { WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RestoreResult } from '../../core/contract.js';

/** How a workflow ended: its result, or its failure with the details; `status` as the Web UI shows it. */
export interface End {
  readonly status: string;
  /** Null where the workflow succeeded. */
  readonly type: string | null;
  readonly message: string | null;
  readonly nonRetryable: boolean | null;
  /** The result, or the first of the failure's details, or null. */
  readonly result: RestoreResult | null;
  readonly memo: Readonly<Record<string, unknown>>;
}

export async function endOf(handle: WorkflowHandle): Promise<End> {
  const outcome = await handle
    .result()
    .then(
      (result) => ({ type: null, message: null, nonRetryable: null, result: result as RestoreResult }),
      failureOf,
    );
  const { status, memo = {} } = await handle.describe();
  return { ...outcome, status: status.name, memo };
}

function failureOf(error: unknown): Omit<End, 'status' | 'memo'> {
  if (!(error instanceof WorkflowFailedError)) throw error;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure))
    return { type: cause?.name ?? '', message: cause?.message ?? '', nonRetryable: null, result: null };
  const [details] = cause.details ?? [];
  return {
    type: cause.type ?? '',
    message: cause.message,
    nonRetryable: cause.nonRetryable ?? false,
    result: (details ?? null) as RestoreResult | null,
  };
}
