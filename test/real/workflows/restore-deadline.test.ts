import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { runStep } from '../../../activities/step.js';
import type { DownloadAnswer, FileStep, PlanRequest } from '../../../core/contract.js';
import { HOUR, LIMITS, aFile, ended, planOf, someFiles } from '../../support/fake-steps.js';
import type { Ended } from '../../support/fake-steps.js';
import { openWorld } from '../../support/workflow-world.js';
import type { Job, World } from '../../support/workflow-world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** Time skips only while no activity runs: so these hours are spent waiting for the next try. */
const takes13Hours = (): Promise<never> =>
  Promise.reject(ApplicationFailure.create({ message: 'S3 is down', nextRetryDelay: '13h' }));

/** Hours between the job's start and its first call of an activity. */
async function hoursUntil({ handle, calls }: Job, name: string): Promise<number> {
  const { startTime } = await handle.describe();
  const atMs = calls.find((call) => call.name === name)?.atMs ?? Number.NaN;
  return (atMs - startTime.getTime()) / HOUR;
}

describe('the limit of 12 hours', () => {
  test('ends the job with its report: what is done stays done, and the failure holds the result', async () => {
    const slow = {
      download: async ({ file }: FileStep): Promise<DownloadAnswer> =>
        file.index < 2 ? takes13Hours() : ended(file, { code: 'healed' }),
    };
    const job = await world.run(slow, { files: someFiles(5) });
    expect(await hoursUntil(job, 'writeReport')).toBeCloseTo(12, 1);
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'deadline', fullFilesystems: [] }]);
    expect(job.story().slice(-2)).toEqual(['writeReport', 'closeJob']);
    expect(job.ended).toMatchObject({
      status: 'FAILED',
      type: 'RestoreIncomplete',
      nonRetryable: true,
      message:
        'Stopped at the time limit. 2 of 5 files failed; reports: /out/P1/_download_status_batch_20250204_143022.txt',
      result: {
        status: 'PARTIAL FAILURE',
        successful: 3,
        failed: 2,
        reports: [expect.stringMatching(/\.txt$/)],
      },
    });
  });

  test('counts from the start of the job, planning included', async () => {
    const job = await world.run(
      {
        planRestore: async (request) => {
          if (Context.current().info.attempt > 1) return planOf(request, [aFile(0)]);
          throw ApplicationFailure.create({ message: 'the catalogue is down', nextRetryDelay: '5h' });
        },
        s3EtagCheck: takes13Hours,
      },
      { files: [aFile(0)] },
    );
    expect(await hoursUntil(job, 's3EtagCheck')).toBeCloseTo(5, 1);
    expect(await hoursUntil(job, 'writeReport')).toBeCloseTo(12, 1);
  });

  test('is what the plan says', async () => {
    const limits = { ...LIMITS, timeoutMs: 3 * HOUR };
    const job = await world.run({ s3EtagCheck: takes13Hours }, { files: [aFile(0)], plan: { limits } });
    expect(await hoursUntil(job, 'writeReport')).toBeCloseTo(3, 1);
    expect(job.ended.message).toMatch(/^Stopped at the time limit\. 1 of 1 files failed/);
  });

  test('has passed already when the plan is ready: nothing is begun', async () => {
    const limits = { ...LIMITS, timeoutMs: HOUR };
    const planRestore = async (request: PlanRequest) => {
      if (Context.current().info.attempt > 1) return planOf(request, [aFile(0)], { limits });
      throw ApplicationFailure.create({ message: 'the catalogue is down', nextRetryDelay: '2h' });
    };
    const job = await world.run({ planRestore }, { files: [aFile(0)] });
    expect(job.story()).toEqual(['planRestore', 'planRestore', 'writeReport', 'closeJob']);
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'deadline' }]);
  });

  test('counts from the hour at which a delayed job begins', async () => {
    const job = await world.run({}, { files: [aFile(0)], start: { startDelay: '20h' } });
    expect(await hoursUntil(job, 'planRestore')).toBeGreaterThan(19);
    expect(job.ended).toMatchObject({ status: 'COMPLETED', result: { successful: 1 } });
  });
});

describe('the time limit in the middle of a step', () => {
  // By the usual clock: a server that skips time does not stand a step that ends while it is being cancelled.
  let unskipped: World;
  beforeAll(async () => {
    unskipped = await openWorld({ devServer: [] });
  });
  afterAll(() => unskipped.close());

  test('cuts it off; it has cleaned up before the report is written', async () => {
    const limits = { ...LIMITS, timeoutMs: 3000 };
    let cleanedUp = false;
    const download = ({ file, limits: stepLimits }: FileStep): Promise<DownloadAnswer> =>
      runStep<DownloadAnswer>(
        stepLimits,
        async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          await new Promise((resolve) => setTimeout(resolve, 200));
          cleanedUp = true;
          return Promise.reject(signal.reason);
        },
        async ({ ending }): Promise<Ended> => ended(file, ending),
      );
    let cleanedUpBefore: boolean | null = null;
    const job = await unskipped.run(
      { download, closeJob: async () => void (cleanedUpBefore ??= cleanedUp) },
      { files: [aFile(0)], plan: { limits } },
    );
    expect(cleanedUpBefore).toBe(true);
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'deadline' }]);
    expect(job.stepsOf('download')).toHaveLength(1);
  });
});
