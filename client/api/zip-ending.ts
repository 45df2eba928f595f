/** How the ending of a ZIP job reads over HTTP: the failures of CONTRACT §2 as the answers of §3. */
import type { ZipFailureReason, ZipFailureType } from '../../core/zip-contract.js';
import type { ZipEnding } from '../job.js';
import { Problem } from '../problem.js';
import { HttpProblem, problem } from './problems.js';
import type { ProblemCode } from './problems.js';

type FailedZip = Extract<ZipEnding, { readonly kind: 'failed' }>;

/** Reasons that stand in the details of a failure, whatever its type. */
const OF_REASON: Readonly<Record<ZipFailureReason, ProblemCode>> = {
  'workspace-inactive': 'workspace-denied',
  unavailable: 'unavailable',
  'audit-unavailable': 'unavailable',
  misconfigured: 'zip',
};

/** A test compares their statuses with those of core/failures.ts. */
const OF_TYPE: Readonly<Record<ZipFailureType, ProblemCode>> = {
  NotFound: 'attachments-not-found',
  TooLarge: 'too-large',
  // The API has checked all that a caller says: what the worker does not take all the same is for operators to mend.
  InvalidInput: 'zip',
  StorageError: 'storage',
  ZipError: 'zip',
};

const DISAGREED = 'the worker refused what the API had checked: do they have the same ZIP_MAX_FILES?';

/** The refusal for a ZIP that did not come to be. */
export function problemOfZip(ending: Exclude<ZipEnding, { readonly kind: 'completed' }>): HttpProblem {
  if (ending.kind === 'cancelled') return problem('job-cancelled');
  return ending.kind === 'failed' ? problemOfFailure(ending) : problem('zip');
}

function problemOfFailure(failure: FailedZip): HttpProblem {
  const { type, message, reason, sizes } = failure;
  const code = lookUp(OF_REASON, reason ?? '') ?? lookUp(OF_TYPE, type) ?? 'zip';
  // The only message that is made for the caller: it has the sizes.
  if (code === 'too-large') return problem(code, { detail: message, ...(sizes ? { sizes } : {}) });
  return new HttpProblem({ code }, causeOf(failure));
}

const lookUp = (codes: Readonly<Record<string, ProblemCode>>, name: string): ProblemCode | undefined =>
  Object.hasOwn(codes, name) ? codes[name] : undefined;

/** For the log: other messages may say more than a log should. */
function causeOf({ type, message, reason }: FailedZip): Problem | undefined {
  if (reason === 'misconfigured') return new Problem('internal', message);
  return type === 'InvalidInput' ? new Problem('internal', DISAGREED) : undefined;
}
