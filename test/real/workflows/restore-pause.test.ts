import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { allRight, planOf, someFiles } from '../../support/fake-steps.js';
import { gate } from '../../support/gate.js';
import { inHand, openWorld, until } from '../../support/workflow-world.js';
import type { World } from '../../support/workflow-world.js';

const files = someFiles(2);
const right = allRight(files, new Map());

let world: World;
beforeAll(async () => {
  world = await openWorld({ cached: 10 });
});
afterAll(() => world.close());

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
    const planned = gate();
    const job = await world.start(
      { planRestore: (request) => planned.opened.then(() => planOf(request, files)) },
      { files },
    );
    await job.handle.signal('pause');
    planned.open();
    await until(async () => (await job.progress()).phase === 'paused');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(job.story()).toEqual(['planRestore']);
    await job.handle.signal('resume');
    expect((await job.end()).status).toBe('COMPLETED');
  });

  test('the time limit goes on during a pause', async () => {
    const planned = gate();
    const job = await world.start(
      { planRestore: (request) => planned.opened.then(() => planOf(request, files)) },
      { files },
    );
    await job.handle.signal('pause');
    planned.open();
    const end = await job.end();
    expect(end).toMatchObject({ type: 'RestoreIncomplete', result: { failed: 2 } });
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'deadline' }]);
    expect(job.stepsOf('s3EtagCheck')).toEqual([]);
  });
});
