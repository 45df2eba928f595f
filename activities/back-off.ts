/** How a request that S3 broke off or refused in passing is repeated inside a step: at once, with pauses that grow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreProblem } from './ports.js';

/** Waits, or throws the abort's reason. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

const RETRIES = 5;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 20_000;
/** A server may ask for more patience than we would have by ourselves, within reason. */
const LONGEST_ASKED_DELAY_MS = 120_000;

export interface BackOff {
  readonly signal: AbortSignal;
  readonly pause: Pause;
  /** Asked after each failure: whether the work has come further since the last one, so that its retries count anew. */
  readonly hasAdvanced?: () => boolean;
}

/** Runs `work` until it succeeds. Throws `unavailable` after the fifth retry in vain, anything else at once. */
export async function withBackOff<T>(
  work: () => Promise<T>,
  { signal, pause: wait, hasAdvanced = () => false }: BackOff,
): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await work();
    } catch (error) {
      if (hasAdvanced()) retry = 0;
      if (!mayPass(error) || retry >= RETRIES) throw error;
      await wait(delayMs(retry, error.retryAfterMs), signal);
    }
  }
}

/** Whether S3 may say otherwise the next time. */
export const mayPass = (error: unknown): error is StoreProblem =>
  error instanceof StoreProblem && error.code === 'unavailable';

/** Exponential, with jitter, so that requests that broke together do not come back together. */
function delayMs(retry: number, askedMs: number | null): number {
  const ours = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** retry) * (0.5 + Math.random() / 2);
  return Math.max(ours, Math.min(askedMs ?? 0, LONGEST_ASKED_DELAY_MS));
}

export const pause: Pause = async (ms, signal) => {
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
};
