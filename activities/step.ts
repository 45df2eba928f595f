/**
 * What every step of a file has in common: it tells Temporal that it lives, and it counts the job's own retries.
 *
 * A killed worker and a failed download are different things. Temporal's retry policy repeats quickly and without limit, for
 * workers that die; the job's "2 retries, 5 minutes apart" are counted in the heartbeat details, which survive both, and are
 * asked for with nextRetryDelay. So a deploy costs neither five minutes nor one of the tries.
 */
import { setMaxListeners } from 'node:events';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { JobLimits, Spent } from '../core/contract.js';
import { diagnose } from './endings.js';
import type { Diagnosis } from './endings.js';

/** Kept in the heartbeat details. */
interface StepState {
  readonly fails: number;
  readonly spent?: Readonly<Record<string, Spent>>;
}

export interface StepContext {
  readonly signal: AbortSignal;
  /** Failed tries of this step before this one. */
  readonly fails: number;
  /** What the tries of this step have cost so far, this one included, by the file's index; whoever spends writes it down here. */
  readonly spent: Map<number, Spent>;
  /** What the Web UI shows under the pending activity; sent with the next heartbeat. */
  readonly note: (details: Readonly<Record<string, unknown>>) => void;
}

/** Well below the heartbeat time-out of 30 s, so that one lost heartbeat is no death. */
const HEARTBEAT_MS = 4000;

/** What becomes of a step that no retry can mend, or that was retried often enough: after how many fails, and at what cost. */
type Failed<T> = (diagnosis: Diagnosis, fails: number, spent: ReadonlyMap<number, Spent>) => Promise<T>;

/**
 * Runs a step under heartbeats. A failure that a retry may mend is retried `limits.retries` times; one that it cannot, or
 * the last one, goes to `failed`, whose value is then the step's answer. Cancellation goes up.
 */
export async function runStep<T>(
  limits: JobLimits,
  body: (context: StepContext) => Promise<T>,
  failed: Failed<T>,
): Promise<T> {
  const context = Context.current();
  const { fails, spent: spentBefore = {} } = (context.info.heartbeatDetails ?? { fails: 0 }) as StepState;
  const spent = new Map(Object.entries(spentBefore).map(([index, cost]) => [Number(index), cost]));
  let details: Readonly<Record<string, unknown>> = {};
  const beat = (): void => context.heartbeat({ ...details, ...stateOf(fails, spent) });
  // A page listens for its cancellation once for each file that is under way.
  setMaxListeners(0, context.cancellationSignal);
  const tried = { signal: context.cancellationSignal, fails, spent };
  return whileBeating(beat, async () => {
    try {
      return await body({ ...tried, note: (next) => (details = next) });
    } catch (error) {
      if (isCancellation(error, context)) {
        beat();
        throw cancellation(error, context);
      }
      // Thrown on purpose: it ends the job, not the file.
      if (error instanceof ApplicationFailure) throw error;
      return giveUpOrRetry(limits, diagnose(error), { fails: fails + 1, spent }, failed);
    }
  });
}

/** Runs what may take longer than the heartbeat time-out, and counts no retries of its own. */
export const underHeartbeats = <T>(work: () => Promise<T>): Promise<T> =>
  whileBeating(() => Context.current().heartbeat(), work);

async function whileBeating<T>(beat: () => void, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(beat, HEARTBEAT_MS);
  beat();
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

const stateOf = (fails: number, spent: ReadonlyMap<number, Spent>): StepState =>
  spent.size === 0 ? { fails } : { fails, spent: Object.fromEntries(spent) };

async function giveUpOrRetry<T>(
  limits: JobLimits,
  diagnosis: Diagnosis,
  { fails, spent }: Pick<StepContext, 'fails' | 'spent'>,
  failed: Failed<T>,
): Promise<T> {
  if (!diagnosis.retryable || fails > limits.retries) return failed(diagnosis, fails, spent);
  Context.current().heartbeat(stateOf(fails, spent));
  throw ApplicationFailure.create({
    type: 'WillRetry',
    message: `${diagnosis.cause} (try ${fails} of ${limits.retries + 1})`,
    nextRetryDelay: limits.retryDelayMs,
  });
}

const isCancellation = (error: unknown, context: Context): boolean =>
  error instanceof CancelledFailure || context.cancellationSignal.aborted;

/** A worker that is being stopped hands its step over at once; a cancelled job's step ends. */
function cancellation(error: unknown, context: Context): Error {
  if (context.cancellationDetails?.workerShutdown)
    return ApplicationFailure.create({
      type: 'WorkerShutdown',
      message: 'The worker is being stopped; another one goes on from here.',
      nextRetryDelay: '1s',
      category: 'BENIGN',
    });
  return error instanceof CancelledFailure ? error : new CancelledFailure('The step was cancelled.');
}
