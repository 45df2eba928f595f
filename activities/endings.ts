/** From anything thrown by S3 or the disk to the ending that the report shows, and whether another try can help. */
import { NO_EVIDENCE } from '../core/outcome.js';
import type { Ending, Evidence, FileOutcome } from '../core/outcome.js';
import { UnsafePath } from './local-paths.js';
import { StoreProblem } from './ports.js';

export interface Diagnosis {
  readonly ending: Ending;
  readonly retryable: boolean;
  /** One technical line for the JSON report. */
  readonly cause: string;
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);
/** What the disk may say in passing (a network filesystem coming back), as opposed to what somebody must mend. */
const PASSING = new Set([
  'EIO',
  'ESTALE',
  'EAGAIN',
  'EINTR',
  'EMFILE',
  'ENFILE',
  'ETIMEDOUT',
  'EBUSY',
  'ENOENT',
]);

/** Never throws: what is not known becomes a failed download with the error's own words. */
export function diagnose(error: unknown): Diagnosis {
  const cause = oneLine(messageOf(error));
  if (error instanceof StoreProblem) return { ...ofStore(error), cause };
  if (error instanceof UnsafePath) return { ending: { code: 'unsafe-path' }, retryable: false, cause };
  const errno = errnoOf(error);
  if (errno !== null && FULL.has(errno)) return { ending: { code: 'disk-full' }, retryable: false, cause };
  if (errno !== null)
    return { ending: { code: 'cannot-write', errno }, retryable: PASSING.has(errno), cause };
  return { ending: { code: 'download-failed', cause: shorten(cause) }, retryable: true, cause };
}

function ofStore(problem: StoreProblem): Omit<Diagnosis, 'cause'> {
  switch (problem.code) {
    case 'missing':
      return { ending: { code: 's3-missing' }, retryable: false };
    case 'bucket-missing':
      return { ending: { code: 'bucket-missing' }, retryable: false };
    case 'denied':
      return { ending: { code: 's3-denied' }, retryable: false };
    case 'archived':
      return { ending: { code: 's3-archived', storageClass: problem.detail ?? 'unknown' }, retryable: false };
    case 'changed':
      return { ending: { code: 's3-changed' }, retryable: false };
    case 'unavailable':
      return {
        ending: { code: 'download-failed', cause: shorten(oneLine(problem.message)) },
        retryable: true,
      };
  }
}

/** Whether S3 itself is the broken side: then a local file is left alone, right or wrong (CONTRACT §1). */
export const isS3Broken = ({ code }: Ending): boolean =>
  ['s3-corrupt', 's3-missing', 'bucket-missing', 's3-denied', 's3-archived', 's3-changed'].includes(code);

/** By its shape, not by its class: in a sandbox (jest, vm) the disk's errors are of another Error than ours. */
export function errnoOf(error: unknown): string | null {
  const code = isObject(error) && 'code' in error && 'syscall' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

export const messageOf = (error: unknown): string =>
  isObject(error) && 'message' in error ? String(error.message) : String(error);

export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

const MAX_CAUSE = 160;
const shorten = (text: string): string =>
  text.length > MAX_CAUSE ? `${text.slice(0, MAX_CAUSE - 1)}…` : text;

/** An outcome from an ending and whatever was measured. */
export const outcomeOf = (
  index: number,
  ending: Ending,
  evidence: Partial<Evidence> = {},
  { bytes = 0, elapsedMs = 0 }: { readonly bytes?: number; readonly elapsedMs?: number } = {},
): FileOutcome => ({ index, ending, bytes, elapsedMs, evidence: { ...NO_EVIDENCE, ...evidence } });
