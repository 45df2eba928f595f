/** How steps of a ZIP job end when they do not end well: expected endings are answers; what may pass is tried again first. */
import type { ZipFailureReason, ZipFailureType, ZipRefusal } from '../core/zip-contract.js';
import type { ZipOrigin } from '../core/zip-manifest.js';
import type { JobLimits } from '../core/contract.js';
import { messageOf, oneLine } from './endings.js';
import { StoreProblem } from './ports.js';
import type { StoreProblemCode } from './ports.js';
import { runStep } from './step.js';
import type { StepContext } from './step.js';
import { DatabaseProblem, UPLOAD } from './zip-ports.js';

export const refuse = (type: ZipFailureType, message: string, reason?: ZipFailureReason): ZipRefusal => ({
  kind: 'refused',
  type,
  message,
  ...(reason === undefined ? {} : { reason }),
});

/** Always the same words, so that nobody learns what exists. */
export const NOT_FOUND = refuse(
  'NotFound',
  'One or more attachments not found or do not belong to this client',
);

const REASONS: Readonly<Record<StoreProblemCode, string>> = {
  missing: 'the object does not exist',
  'bucket-missing': 'the bucket does not exist',
  denied: 'access to the object is denied',
  archived: 'the object is archived',
  changed: 'the object has changed since the ZIP was planned',
  unavailable: 'S3 could not deliver the object',
};

/** Why an entry cannot be had, without its key: an attachment's could say more than it should. */
export const reasonOf = ({ code, detail }: StoreProblem): string =>
  `${REASONS[code]}${code === 'archived' && detail !== null ? ` (${detail})` : ''}`;

/** What people call an entry. */
export const inWords = ({ id, uri }: ZipOrigin): string => uri ?? `attachment ${id ?? ''}`;

/** An entry that cannot be had, in a job that takes all or nothing. Ends the step with its refusal. */
export class EntryFailed extends Error {
  override readonly name = 'EntryFailed';
  readonly refusal: ZipRefusal;
  constructor(origin: ZipOrigin, reason: string, failure?: ZipFailureReason) {
    super(`${inWords(origin)}: ${reason}`);
    this.refusal = refuse('StorageError', this.message, failure);
  }
}

/** An entry that S3 could not deliver just now, without its key. */
export class EntryUnavailable extends Error {
  override readonly name = 'EntryUnavailable';
  constructor(origin: ZipOrigin) {
    super(`${inWords(origin)}: ${REASONS.unavailable}`);
  }
}

/** The audit trail could not be written. */
export class AuditUnavailable extends Error {
  override readonly name = 'AuditUnavailable';
}

/** Whether a problem is one of the object that was read, and not of the upload. */
export const isOfEntry = (error: unknown): error is StoreProblem =>
  error instanceof StoreProblem && error.detail !== UPLOAD;

/** Runs a step under heartbeats with the job's retries; the last failure becomes a refusal. */
export async function runZipStep<T>(
  limits: JobLimits,
  body: (context: StepContext) => Promise<T | ZipRefusal>,
): Promise<T | ZipRefusal> {
  const seen: { error: unknown } = { error: null };
  return runStep<T | ZipRefusal>(
    limits,
    async (context) => {
      try {
        return await body(context);
      } catch (error) {
        if (error instanceof EntryFailed) return error.refusal;
        seen.error = error;
        throw error;
      }
    },
    async ({ cause }) => refusalOf(seen.error, cause),
  );
}

function refusalOf(error: unknown, cause: string): ZipRefusal {
  if (error instanceof AuditUnavailable) return refuse('StorageError', cause, 'audit-unavailable');
  const passing =
    error instanceof DatabaseProblem ||
    error instanceof EntryUnavailable ||
    (error instanceof StoreProblem && error.code === 'unavailable');
  if (passing) return refuse('StorageError', cause, 'unavailable');
  return refuse(error instanceof StoreProblem ? 'StorageError' : 'ZipError', oneLine(messageOf(error)));
}
