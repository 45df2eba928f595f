import { describe, expect, test } from '@jest/globals';
import { ServiceError, TimeoutFailure, WorkflowFailedError } from '@temporalio/client';
import type { Connected } from '../../client/connect.js';
import { createJobs } from '../../client/jobs.js';

/** A Temporal on which nothing is done in time; its workers last asked for work that long ago. */
function lateTemporal(error: Error, pollersSecondsAgo: readonly number[]): Connected {
  const inTime = (_: unknown, work: () => unknown): unknown => work();
  const pollers = pollersSecondsAgo.map((ago) => ({ lastAccessTime: { seconds: Date.now() / 1000 - ago } }));
  return {
    address: '127.0.0.1:7233',
    namespace: 'default',
    taskQueue: 'lab',
    connection: {
      withDeadline: inTime,
      withAbortSignal: inTime,
      workflowService: { describeTaskQueue: () => Promise.resolve({ pollers }) },
    },
    client: { workflow: { execute: () => Promise.reject(error) } },
  } as unknown as Connected;
}

const timedOut = new WorkflowFailedError(
  'failed',
  new TimeoutFailure('too late', undefined, 'START_TO_CLOSE'),
  'TIMEOUT',
);
const deadline = new ServiceError('late', {
  cause: Object.assign(new Error('deadline'), { code: 4, details: 'deadline', metadata: {} }),
});

describe('reports that do not come in time', () => {
  test.each([
    ['the job that reads them timed out', timedOut],
    ['the call for it did', deadline],
  ])('are missing because of busy workers where somebody asks for work: %s', async (_name, error) => {
    await expect(createJobs(lateTemporal(error, [200, 20])).reportTexts('job', [])).rejects.toMatchObject({
      kind: 'no-worker',
      message: expect.stringMatching(
        /^the workers on task queue lab are busy and did not answer within 60 s/,
      ),
    });
  });

  test.each([
    ['nobody', []],
    ['somebody who has not asked for minutes', [200]],
  ])('are missing because of absent workers where %s asks for work', async (_name, pollers) => {
    await expect(createJobs(lateTemporal(timedOut, pollers)).reportTexts('job', [])).rejects.toMatchObject({
      kind: 'no-worker',
      message: 'no worker is listening on task queue lab: start one with stowage worker',
    });
  });
});
