import { describe, expect, test } from '@jest/globals';
import type { Worker } from '@temporalio/worker';
import { runTogether, shutDown } from '../../worker/run-together.js';

type State = ReturnType<Worker['getState']>;

/** A worker that runs until it is shut down or fails. */
function fakeWorker() {
  let state: State = 'RUNNING';
  let stop = (): void => undefined;
  let fail: (error: Error) => void = stop;
  const running = new Promise<void>((resolve, reject) => {
    stop = resolve;
    fail = reject;
  }).finally(() => (state = 'STOPPED'));
  return {
    run: () => running,
    shutdown: () => {
      if (state !== 'RUNNING') throw new Error(`Not running. Current state: ${state}`);
      state = 'STOPPING';
      stop();
    },
    getState: () => state,
    fail,
  };
}

describe('the two workers of a host', () => {
  test('stop together where one fails, and the failure is told', async () => {
    const [steps, transfers] = [fakeWorker(), fakeWorker()];
    const ended = runTogether([steps, transfers]);
    transfers.fail(new Error('the namespace is gone'));
    await expect(ended).rejects.toThrow('the namespace is gone');
    expect([steps.getState(), transfers.getState()]).toEqual(['STOPPED', 'STOPPED']);
  });

  test('stop when they are asked to', async () => {
    const [steps, transfers] = [fakeWorker(), fakeWorker()];
    const ended = runTogether([steps, transfers]);
    shutDown([steps, transfers]);
    shutDown([steps, transfers]);
    await ended;
  });
});
