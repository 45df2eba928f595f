import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { NOT_FETCHED } from '../../../core/contract.js';
import type { FileStep, PlanRequest } from '../../../core/contract.js';
import { aFile, allRight, planOf, someFiles, unplannedResult } from '../../support/fake-steps.js';
import { gate } from '../../support/gate.js';
import { inHand, openWorld, until } from '../../support/workflow-world.js';
import type { Job, World } from '../../support/workflow-world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld({ devServer: [], cached: 10 });
});
afterAll(() => world.close());

/** Beats until the job is cancelled, cleans up for a moment, and ends as cancelled. */
async function runsUntilCancelled(cleanedUp: () => void = () => undefined): Promise<never> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 50);
  try {
    return await context.cancelled;
  } finally {
    clearInterval(timer);
    await new Promise((resolve) => setTimeout(resolve, 300));
    cleanedUp();
  }
}

const isUnderWay = ({ calls }: Job, name: string, count = 1): Promise<void> =>
  until(() => calls.filter((call) => call.name === name && !call.over).length === count);

describe('cancelling a restore', () => {
  test('lets running steps clean up, then writes the report; the job ends as cancelled, with its result in the memo', async () => {
    const files = someFiles(4);
    const right = allRight(files, new Map());
    const cleanedUp: number[] = [];
    const seen: { cleanedUp: number } = { cleanedUp: -1 };
    const job = await world.start(
      {
        download: (step) =>
          step.file.index === 0
            ? right.download(step)
            : runsUntilCancelled(() => cleanedUp.push(step.file.index)),
        closeJob: async () => void (seen.cleanedUp = cleanedUp.length),
      },
      { files },
    );
    await isUnderWay(job, 'download', 3);
    await until(async () => (await job.progress()).files_done === 1);
    await job.handle.cancel();
    const end = await job.endUnskipped();
    const running = job.calls.filter(({ name, file }) => name === 'download' && file !== 'f0.bin');
    expect(running).toHaveLength(3);
    expect(seen.cleanedUp).toBe(3);
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'cancelled' }]);
    expect(job.story().slice(-2)).toEqual(['writeReport', 'closeJob']);
    expect(end).toMatchObject({ status: 'CANCELLED', type: 'CancelledFailure' });
    expect(end.memo['result']).toMatchObject({
      status: 'PARTIAL FAILURE',
      files: 4,
      successful: 1,
      failed: 3,
    });
  });

  test('writes the report only when the last step has ended', async () => {
    const files = someFiles(2);
    const overAtReport: boolean[] = [];
    const job: Job = await world.start(
      {
        s3EtagCheck: () => runsUntilCancelled(),
        writeReport: async (request) => {
          overAtReport.push(
            ...job.calls.filter(({ name }) => name === 's3EtagCheck').map(({ over }) => over),
          );
          return allRight(files, new Map()).writeReport(request);
        },
      },
      { files },
    );
    await isUnderWay(job, 's3EtagCheck', 2);
    await job.handle.cancel();
    await job.endUnskipped();
    expect(overAtReport).toEqual([true, true]);
  });

  test('during the five minutes before the next try is done at once', async () => {
    const job = await world.start(
      {
        download: () =>
          Promise.reject(ApplicationFailure.create({ message: 'S3 is down', nextRetryDelay: '5m' })),
      },
      { files: [aFile(0)] },
    );
    await until(() => job.calls.some(({ name, over }) => name === 'download' && over));
    const cancelledAtMs = Date.now();
    await job.handle.cancel();
    const end = await job.endUnskipped();
    expect(Date.now() - cancelledAtMs).toBeLessThan(60_000);
    expect(end.status).toBe('CANCELLED');
    expect(job.stepsOf('download')).toHaveLength(1);
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'cancelled' }]);
  });

  test('during the delay before wrong bytes are fetched again is done at once', async () => {
    const { evidence } = {
      evidence: { s3Etag: null, localEtag: null, localMd5: null, versionId: null, attempts: 1, cause: null },
    };
    const job = await world.start(
      { localVerify: async () => ({ kind: 'again', evidence, transfer: NOT_FETCHED }) },
      { files: [aFile(0)] },
    );
    await until(async () => (await job.progress()).current[0]?.state === 'waiting to retry');
    await job.handle.cancel();
    const end = await job.endUnskipped();
    expect(end.status).toBe('CANCELLED');
    expect(job.stepsOf('download')).toHaveLength(1);
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'cancelled' }]);
  });

  test('while planning ends the job as cancelled, and the report says that nothing was begun', async () => {
    const job = await world.start({ planRestore: () => runsUntilCancelled() });
    await isUnderWay(job, 'planRestore');
    await job.handle.cancel();
    const end = await job.endUnskipped();
    expect(end).toMatchObject({ status: 'CANCELLED', type: 'CancelledFailure' });
    expect(job.story()).toEqual(['planRestore', 'reportUnplanned']);
    expect(job.stepsOf('reportUnplanned')).toMatchObject([
      { args: ['sample'], workflowId: job.handle.workflowId, error: 'Not started (cancelled)' },
    ]);
    expect(end.memo['result']).toEqual(unplannedResult('Not started (cancelled)'));
  });

  test('just before the plan is ready begins no file, and reports them all', async () => {
    const files = someFiles(3);
    const planRestore = (request: PlanRequest) => runsUntilCancelled().catch(() => planOf(request, files));
    const job = await world.start({ planRestore }, { files });
    await isUnderWay(job, 'planRestore');
    await job.handle.cancel();
    const end = await job.endUnskipped();
    expect(end).toMatchObject({ status: 'CANCELLED', memo: { result: { failed: 3 } } });
    expect(job.story()).toEqual(['planRestore', 'writeReport', 'closeJob']);
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'cancelled' }]);
  });

  test('a second time changes nothing: one report, to its end', async () => {
    const files = someFiles(2);
    const reportMayEnd = gate();
    const job = await world.start(
      {
        download: () => runsUntilCancelled(),
        writeReport: async (request) => {
          await reportMayEnd.opened;
          return allRight(files, new Map()).writeReport(request);
        },
      },
      { files },
    );
    await isUnderWay(job, 'download', 2);
    await job.handle.cancel();
    await isUnderWay(job, 'writeReport');
    await job.handle.cancel();
    reportMayEnd.open();
    const end = await job.endUnskipped();
    expect(end).toMatchObject({ status: 'CANCELLED', memo: { result: { failed: 2 } } });
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'cancelled' }]);
    expect(job.stepsOf('closeJob')).toHaveLength(1);
  });

  test('while it is paused ends it', async () => {
    const files = someFiles(60);
    const job = await world.start(
      {
        s3EtagCheck: (step: FileStep) =>
          runsUntilCancelled().catch(() => allRight(files, new Map()).s3EtagCheck(step)),
      },
      { files },
    );
    const begun = await inHand(job, 's3EtagCheck');
    await job.handle.signal('pause');
    await until(async () => (await job.progress()).phase === 'paused');
    await job.handle.cancel();
    expect((await job.endUnskipped()).status).toBe('CANCELLED');
    expect(job.stepsOf('s3EtagCheck')).toHaveLength(begun);
    expect(job.stepsOf('localCheck')).toHaveLength(0);
  });
});
