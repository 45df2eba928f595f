/** Whatever keeps a command from its result, sorted by what the caller can do about it. */
export type ProblemKind =
  'usage' | 'already-running' | 'not-found' | 'denied' | 'unreachable' | 'no-worker' | 'internal';

/** Thrown by everything in client/; the message is a whole sentence for people: wanted, found, what to do next. */
export class Problem extends Error {
  readonly kind: ProblemKind;

  constructor(kind: ProblemKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'Problem';
    this.kind = kind;
  }
}

/** Any error as a problem; one that nobody foresaw is internal. */
export const asProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem('internal', messageOf(error), error);

/** The text of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The sentence for a task queue that nobody serves. */
export const noWorkerText = (taskQueue: string): string =>
  `no worker is listening on task queue ${taskQueue}: start one with stowage worker`;

/** The sentence for workers that are there and do not come to it. */
export const busyWorkerText = (taskQueue: string, seconds: number): string =>
  `the workers on task queue ${taskQueue} are busy and did not answer within ${seconds} s: try again later, or start one more with stowage worker`;
