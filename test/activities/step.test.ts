import { describe, expect, test } from '@jest/globals';
import { CancelledFailure } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { runStep } from '../../activities/step.js';
import type { StepContext } from '../../activities/step.js';
import { StoreProblem } from '../../activities/ports.js';

const limits = { timeoutMs: 1, retries: 2, retryDelayMs: 300_000 };
const passing = new StoreProblem('unavailable', 'no answer');
const lasting = new StoreProblem('denied', 'forbidden');

/** Runs one try of a step that had `heartbeatDetails` before. */
function tryStep(body: (context: StepContext) => Promise<string>, heartbeatDetails?: unknown) {
  const environment = new MockActivityEnvironment(
    { heartbeatDetails },
    { logger: new DefaultLogger('ERROR') },
  );
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  const answer = environment.run(() =>
    runStep(limits, body, async ({ ending }, fails, spent) => {
      const cost = spent.size === 0 ? '' : `, for ${spent.get(7)?.bytes} bytes`;
      return `gave up: ${ending.code} after ${fails}${cost}`;
    }),
  );
  return { answer, beats, environment };
}

describe('a step', () => {
  test('answers what its body answers, and beats from the start', async () => {
    const { answer, beats } = tryStep(async ({ fails }) => `done, ${fails} fails`);
    expect(await answer).toBe('done, 0 fails');
    expect(beats).toEqual([{ fails: 0 }]);
  });

  test('asks for another try after the job’s own delay, and counts it where a killed worker cannot lose it', async () => {
    const { answer, beats } = tryStep(() => Promise.reject(passing));
    await expect(answer).rejects.toMatchObject({
      type: 'WillRetry',
      message: 'no answer (try 1 of 3)',
      nextRetryDelay: 300_000,
      nonRetryable: false,
    });
    expect(beats.at(-1)).toEqual({ fails: 1 });
  });

  test('goes on counting from the last try', async () => {
    const { answer, beats } = tryStep(() => Promise.reject(passing), { fails: 1, file: 'a.raw' });
    await expect(answer).rejects.toMatchObject({ message: 'no answer (try 2 of 3)' });
    expect(beats).toEqual([{ fails: 1 }, { fails: 2 }]);
  });

  test('hands on what it has spent, where a killed worker cannot lose it, to the next try and to the end', async () => {
    const spend = async ({ spent }: StepContext): Promise<never> => {
      const { bytes, elapsedMs } = spent.get(7) ?? { bytes: 0, elapsedMs: 0 };
      spent.set(7, { bytes: bytes + 100, elapsedMs: elapsedMs + 20 });
      throw passing;
    };
    const { answer, beats } = tryStep(spend);
    await expect(answer).rejects.toMatchObject({ type: 'WillRetry' });
    expect(beats.at(-1)).toEqual({ fails: 1, spent: { 7: { bytes: 100, elapsedMs: 20 } } });
    const next = tryStep(spend, { ...(beats.at(-1) as object), fails: 2 });
    expect(await next.answer).toBe('gave up: download-failed after 3, for 200 bytes');
  });

  test('gives up after the last try', async () => {
    expect(await tryStep(() => Promise.reject(passing), { fails: 2 }).answer).toBe(
      'gave up: download-failed after 3',
    );
  });

  test('gives up at once where no retry can help', async () => {
    expect(await tryStep(() => Promise.reject(lasting)).answer).toBe('gave up: s3-denied after 1');
  });

  test('that is cancelled ends as cancelled, whatever its body throws', async () => {
    const { answer, environment } = tryStep(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw passing;
    });
    setTimeout(() => environment.cancel(), 10);
    await expect(answer).rejects.toThrow(CancelledFailure);
  });

  test('whose worker is stopped is handed to another one at once, without costing a try', async () => {
    const { answer, environment, beats } = tryStep(
      async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw passing;
      },
      { fails: 1 },
    );
    setTimeout(
      () => environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true })),
      10,
    );
    await expect(answer).rejects.toMatchObject({
      type: 'WorkerShutdown',
      nextRetryDelay: '1s',
      nonRetryable: false,
    });
    expect(beats.at(-1)).toEqual({ fails: 1 });
  });
});
