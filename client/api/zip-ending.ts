/** How the ending of a ZIP job reads over HTTP: the failures of CONTRACT §2 as the answers of §3. */
import type { ZipEnding } from '../job.js';
import type { HttpProblem, ProblemCode } from './problems.js';
import { problem } from './problems.js';

type FailedZip = Extract<ZipEnding, { readonly kind: 'failed' }>;

/** Reasons that stand in the details of a failure, whatever its type. */
const OF_REASON: Readonly<Record<string, ProblemCode>> = {
  'workspace-inactive': 'workspace-denied',
  unavailable: 'unavailable',
  'audit-unavailable': 'unavailable',
};

const OF_TYPE: Readonly<Record<string, ProblemCode>> = {
  NotFound: 'attachments-not-found',
  TooLarge: 'too-large',
  InvalidInput: 'invalid',
  StorageError: 'storage',
  AuditUnavailable: 'unavailable',
  CatalogueUnavailable: 'unavailable',
  ZipError: 'zip',
};

/** The refusal for a ZIP that did not come to be. */
export function problemOfZip(ending: Exclude<ZipEnding, { readonly kind: 'completed' }>): HttpProblem {
  if (ending.kind === 'cancelled') return problem('job-cancelled');
  return ending.kind === 'failed' ? problemOfFailure(ending) : problem('zip');
}

function problemOfFailure({ type, message, reason }: FailedZip): HttpProblem {
  const code = OF_REASON[reason ?? ''] ?? OF_TYPE[type] ?? 'zip';
  // The only message that is made for the caller: it has the sizes.
  return code === 'too-large' ? problem(code, { detail: message }) : problem(code);
}
