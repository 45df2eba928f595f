import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PlanRequest } from '../../../core/contract.js';
import { allRight, planOf, someFiles } from '../../support/fake-steps.js';
import { gate } from '../../support/gate.js';
import { inHand, openWorld, until } from '../../support/workflow-world.js';
import type { Job, World } from '../../support/workflow-world.js';

const files = someFiles(2);
const right = allRight(files, new Map());

let world: World;
beforeAll(async () => {
  world = await openWorld({ cached: 10 });
});
afterAll(() => world.close());

/** A job that is paused before its plan is ready. */
async function startPaused(): Promise<Job> {
  const planned = gate();
  const planRestore = (request: PlanRequest) => planned.opened.then(() => planOf(request, files));
  const job = await world.start({ planRestore }, { files });
  await job.handle.signal('pause');
  planned.open();
  return job;
}

describe('pause and resume', () => {
  test('nothing new begins while paused; what is under way ends; resume goes on', async () => {
    const many = someFiles(60);
    const checked = gate();
    const job = await world.start(
      { s3EtagCheck: (step) => checked.opened.then(() => right.s3EtagCheck(step)) },
      { files: many },
    );
    const begun = await inHand(job, 's3EtagCheck');
    await job.handle.signal('pause');
    await until(async () => (await job.progress()).phase === 'paused');
    checked.open();
    await until(async () => (await job.progress()).files_done === begun);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(job.stepsOf('s3EtagCheck')).toHaveLength(begun);
    expect(await job.progress()).toMatchObject({ phase: 'paused', files_done: begun, current: [] });
    await job.handle.signal('resume');
    expect((await job.end()).result).toMatchObject({ status: 'SUCCESS', successful: 60 });
    expect(job.stepsOf('s3EtagCheck')).toHaveLength(60);
  });

  test('a job that is paused while it is planned begins nothing at all', async () => {
    const job = await startPaused();
    await until(async () => (await job.progress()).phase === 'paused');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(job.story()).toEqual(['planRestore']);
    await job.handle.signal('resume');
    expect((await job.end()).status).toBe('COMPLETED');
  });

  test('the time limit goes on during a pause', async () => {
    const job = await startPaused();
    const end = await job.end();
    expect(end).toMatchObject({ type: 'RestoreIncomplete', result: { failed: 2 } });
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'deadline' }]);
    expect(job.stepsOf('s3EtagCheck')).toEqual([]);
  });
});
