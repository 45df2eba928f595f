/** Exit codes (CONTRACT §4): what a script can tell apart without reading a word. */
import type { FailureCode } from '../core/failures.js';
import { FAILURES } from '../core/failures.js';
import type { JobEnding } from './job.js';
import { hitDeadline } from './job.js';
import type { ProblemKind } from './problem.js';

export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  failures: 3,
  notFound: 5,
  deadline: 6,
  unreachable: 7,
  cancelled: 130,
} as const;

/** The exit code of a command that saw its job to the end. */
export function exitCodeOfEnding(ending: JobEnding): number {
  if (hitDeadline(ending)) return EXIT.deadline;
  switch (ending.kind) {
    case 'completed':
      return EXIT.ok;
    case 'incomplete':
      return EXIT.failures;
    case 'cancelled':
    case 'terminated':
      return EXIT.cancelled;
    case 'failed':
      return exitCodeOfFailure(ending.type);
    case 'timed_out':
      return EXIT.deadline;
  }
}

/** The exit code of a job that failed as a whole, by the type of its failure. */
export const exitCodeOfFailure = (type: string): number =>
  isFailureCode(type) ? FAILURES[type].exitCode : EXIT.internal;

const isFailureCode = (type: string): type is FailureCode => Object.hasOwn(FAILURES, type);

const OF_PROBLEM: Readonly<Record<ProblemKind, number>> = {
  usage: EXIT.usage,
  'already-running': EXIT.usage,
  'not-found': EXIT.notFound,
  denied: EXIT.notFound,
  unreachable: EXIT.unreachable,
  'no-worker': EXIT.unreachable,
  internal: EXIT.internal,
};

/** The exit code of a command that got no result. */
export const exitCodeOfProblem = (kind: ProblemKind): number => OF_PROBLEM[kind];
