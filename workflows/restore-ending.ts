/** How a restore ends for whoever started it: with a result, with a failure that holds it, or as a cancelled job that kept it. */
import { ApplicationFailure, CancelledFailure, isCancellation, upsertMemo } from '@temporalio/workflow';
import type { RestoreResult } from '../core/contract.js';
import type { StopReason } from '../core/outcome.js';
import { headline } from './restore-headline.js';

/** Why a job stopped early; null where it ran to its end. */
export type Stop = Exclude<StopReason, 'disk full'> | null;

/** Succeeds only where nothing failed; a cancelled job stays a cancelled one, with its result in the memo. */
export function conclude(result: RestoreResult, stop: 'cancelled'): never;
export function conclude(result: RestoreResult, stop: Stop): RestoreResult;
export function conclude(result: RestoreResult, stop: Stop): RestoreResult {
  if (stop === 'cancelled') {
    upsertMemo({ result });
    throw new CancelledFailure(headline(result, stop), [result]);
  }
  if (result.status !== 'SUCCESS') throw incomplete(result, stop);
  return result;
}

/** `last` is what the step said that did not end in time. */
export const incomplete = (result: RestoreResult, stop: Stop, last?: string): ApplicationFailure =>
  ApplicationFailure.create({
    nonRetryable: true,
    type: 'RestoreIncomplete',
    message: `${headline(result, stop)}${last === undefined ? '' : `; planning failed until then: ${last}`}`,
    details: [result],
  });

/** A step without which there is no job fails it with its own type and sentence, not with "Activity task failed". */
export function failAsTheStep(error: unknown): never {
  const cause = error instanceof Error ? error.cause : undefined;
  if (isCancellation(error) || !(cause instanceof ApplicationFailure)) throw error;
  throw ApplicationFailure.nonRetryable(cause.message, cause.type ?? 'Internal');
}
