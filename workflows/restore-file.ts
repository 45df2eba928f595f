import { isCancellation, sleep, workflowInfo } from '@temporalio/workflow';
import type {
  DownloadStep,
  FilePlan,
  JobLimits,
  JobRef,
  LocalState,
  Transfer,
  VerifyAnswer,
} from '../core/contract.js';
import { NOT_FETCHED, transferQueue } from '../core/contract.js';
import { NO_EVIDENCE } from '../core/outcome.js';
import type { FileOutcome } from '../core/outcome.js';
import { steps, transfersOn } from './policies.js';
import { summaryOf } from './summary.js';

/** What a story tells while it goes on. */
export type Telling = (
  state: 'checking S3' | 'checking local' | 'downloading' | 'verifying' | 'waiting to retry',
) => void;

/**
 * One file's story: S3's copy is compared with the catalogue; what is on disk is left alone if it is right; else the file is
 * fetched beside it, verified from disk, and only then put in place.
 */
export async function restoreFile(
  job: JobRef,
  limits: JobLimits,
  file: FilePlan,
  tell: Telling,
): Promise<FileOutcome> {
  const options = { summary: summaryOf(file.file) };
  const seen: Seen = { local: 'absent', before: NOT_FETCHED };
  try {
    tell('checking S3');
    const checked = await steps.s3EtagCheck.executeWithOptions(options, [{ job, limits, file }]);
    if (checked.kind === 'ended') return checked.outcome;
    tell('checking local');
    const sourced = { job, limits, file, source: checked.source };
    const found = await steps.localCheck.executeWithOptions(options, [sourced]);
    if (found.kind === 'ended') return found.outcome;
    seen.local = found.local;
    return await fetchUntilRight({ ...sourced, local: found.local, before: NOT_FETCHED }, seen, tell);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return concludeUnexpected(job, limits, file, seen, error);
  }
}

/** What is known of a file where its story breaks off. */
interface Seen {
  local: LocalState;
  before: Transfer;
}

/** Bytes that arrive wrong are fetched again, as often as a failing step is retried. */
async function fetchUntilRight(step: DownloadStep, seen: Seen, tell: Telling): Promise<FileOutcome> {
  const { limits, file } = step;
  const options = { summary: summaryOf(file.file) };
  const transfers = transfersOn(transferQueue(workflowInfo().taskQueue));
  for (let round = 0; ; round += 1) {
    tell('downloading');
    const fetched = await transfers.download.executeWithOptions(options, [{ ...step, before: seen.before }]);
    if (fetched.kind === 'ended') return fetched.outcome;
    tell('verifying');
    const lastTry = round >= limits.retries;
    const verified: VerifyAnswer = await steps.localVerify.executeWithOptions(options, [
      { ...step, before: seen.before, transfer: fetched.transfer, lastTry },
    ]);
    if (verified.kind === 'ended') return verified.outcome;
    seen.before = verified.transfer;
    tell('waiting to retry');
    await sleep(limits.retryDelayMs);
  }
}

/** The one place that turns a step that failed as a whole into an ending: the job goes on, and the report tells. */
async function concludeUnexpected(
  job: JobRef,
  limits: JobLimits,
  file: FilePlan,
  { local, before }: Seen,
  error: unknown,
): Promise<FileOutcome> {
  const cause = rootMessage(error);
  const outcome: FileOutcome = {
    index: file.index,
    ending: { code: 'download-failed', cause },
    bytes: before.bytes,
    elapsedMs: before.elapsedMs,
    evidence: { ...NO_EVIDENCE, attempts: before.attempts, cause },
  };
  // A step as any other, because it may read the file once more.
  return steps.concludeFile.executeWithOptions({ summary: summaryOf(file.file) }, [
    { job, limits, file, outcome, local },
  ]);
}

function rootMessage(error: unknown): string {
  const inner = error instanceof Error ? error.cause : undefined;
  if (inner instanceof Error) return rootMessage(inner);
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 160);
}
