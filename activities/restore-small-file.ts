import { TemporalFailure } from '@temporalio/common';
import { NOT_FETCHED } from '../core/contract.js';
import type { FileStep, LocalState } from '../core/contract.js';
import type { FileOutcome } from '../core/outcome.js';
import { conclude } from './conclude.js';
import type { RestoreDeps } from './deps.js';
import { fetchFile, transferOf } from './download.js';
import { diagnose } from './endings.js';
import { failFile } from './fail-file.js';
import { recordStart } from './outcome-lines.js';
import { checkLocal } from './local-check.js';
import { verifyFile } from './local-verify.js';
import { checkSource } from './s3-etag-check.js';
import type { StepContext } from './step.js';

/** A failure that a later try may mend: not an ending yet. */
export interface Trouble {
  readonly error: unknown;
  readonly local: LocalState;
}

/** One file's story inside a page: the steps of workflows/restore-file.ts, without the trips between them. */
export async function restoreSmallFile(
  deps: RestoreDeps,
  step: FileStep,
  context: StepContext,
): Promise<FileOutcome | Trouble> {
  const seen: { local: LocalState } = { local: 'absent' };
  try {
    const outcome = await tellStory(deps, step, context, seen);
    return await conclude(deps, step.job, step.file, outcome, seen.local);
  } catch (error) {
    if (error instanceof TemporalFailure || context.signal.aborted) throw error;
    const diagnosis = diagnose(error);
    if (diagnosis.retryable) return { error, local: seen.local };
    const tried = transferOf(NOT_FETCHED, context.spent.get(step.file.index), context.fails + 1);
    return failFile(deps, step, seen.local, diagnosis, tried);
  }
}

async function tellStory(
  deps: RestoreDeps,
  step: FileStep,
  context: StepContext,
  seen: { local: LocalState },
): Promise<FileOutcome> {
  await recordStart(step.job.folder, step.file.index);
  const checked = await checkSource(deps, step, context.signal);
  if (checked.kind === 'ended') return checked.outcome;
  const sourced = { ...step, source: checked.source };
  const found = await checkLocal(deps, sourced, context.signal);
  if (found.kind === 'ended') return found.outcome;
  seen.local = found.local;
  const toFetch = { ...sourced, local: found.local, before: NOT_FETCHED };
  // A page reports its files by count: single transfers of small files are over before anybody could see them.
  const fetched = await fetchFile({ ...deps, tell: () => undefined }, toFetch, context);
  if (fetched.kind === 'ended') return fetched.outcome;
  const lastTry = context.fails >= step.limits.retries;
  const verified = await verifyFile(deps, { ...toFetch, transfer: fetched.transfer, lastTry }, context);
  if (verified.kind === 'ended') return verified.outcome;
  context.spent.set(step.file.index, verified.transfer);
  throw new Error(`the fetched bytes are wrong: ${verified.evidence.cause ?? 'mismatch'}`);
}
