import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { runStep } from '../../../activities/step.js';
import type { StepContext } from '../../../activities/step.js';
import type { DownloadAnswer, DownloadStep } from '../../../core/contract.js';
import { LIMITS, MINUTE, aFile, ended, someFiles } from '../../support/fake-steps.js';
import { openWorld } from '../../support/workflow-world.js';
import type { Job, World } from '../../support/workflow-world.js';

const transfer = { bytes: 1, elapsedMs: 1, attempts: 1 };
const fetched: DownloadAnswer = { kind: 'fetched', transfer };

/** The real step with its count of tries, around a small body. */
const download = (body: (step: DownloadStep, context: StepContext) => Promise<DownloadAnswer>) => {
  return (step: DownloadStep): Promise<DownloadAnswer> =>
    runStep<DownloadAnswer>(
      step.limits,
      (context) => body(step, context),
      async ({ ending }) => ended(step.file, ending),
    );
};

const noNetwork = (): Promise<never> => Promise.reject(new Error('no route to S3'));

/** When each try of an activity for a file began, in minutes after the first, to a tenth. */
function minutesOf({ calls }: Job, name: string, file: string): readonly number[] {
  const times = calls.filter((call) => call.name === name && call.file === file).map(({ atMs }) => atMs);
  return times.map((atMs) => Math.round(((atMs - (times[0] ?? 0)) / MINUTE) * 10) / 10);
}

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('a step that fails', () => {
  test('is tried twice more, five minutes apart; then its failure is an outcome, and the others are restored', async () => {
    const fakes = {
      download: download(({ file }) => (file.index === 1 ? noNetwork() : Promise.resolve(fetched))),
    };
    const job = await world.run(fakes, { files: someFiles(3) });
    expect(minutesOf(job, 'download', 'f1.bin')).toEqual([0, 5, 10]);
    expect(minutesOf(job, 'download', 'f0.bin')).toEqual([0]);
    expect(job.ended).toMatchObject({ type: 'RestoreIncomplete', result: { successful: 2, failed: 1 } });
    expect(job.ended.result?.failures).toEqual([
      { raw_file_id: 'sample', file: 'f1.bin', status: 'FAILURE - Download failed (no route to S3)' },
    ]);
    const [lastTry, ...later] = job.calls.slice(job.calls.findLastIndex(({ name }) => name === 'download'));
    expect(lastTry?.file).toBe('f1.bin');
    expect(later.map(({ name }) => name)).toEqual(['writeReport', 'closeJob']);
  });

  test('and then works costs the file nothing', async () => {
    const body = (_: DownloadStep, { fails }: StepContext) =>
      fails < 2 ? noNetwork() : Promise.resolve(fetched);
    const job = await world.run({ download: download(body) }, { files: [aFile(0)] });
    expect(minutesOf(job, 'download', 'f0.bin')).toEqual([0, 5, 10]);
    expect(job.ended).toMatchObject({ status: 'COMPLETED', result: { successful: 1 } });
  });

  test('is tried as often, and as far apart, as the plan says', async () => {
    const limits = { ...LIMITS, retries: 1, retryDelayMs: 90 * MINUTE };
    const job = await world.run({ download: download(noNetwork) }, { files: [aFile(0)], plan: { limits } });
    expect(minutesOf(job, 'download', 'f0.bin')).toEqual([0, 90]);
  });
});

describe('a worker that dies', () => {
  test('costs neither a try nor five minutes', async () => {
    let tries = 0;
    const counted = download(noNetwork);
    const job = await world.run(
      {
        download: async (step) => {
          tries += 1;
          // Ends without a word of runStep's, as a killed worker's try does; that one is really killed in restore-kill.
          if (tries === 2) throw new Error('killed');
          return counted(step);
        },
      },
      { files: [aFile(0)] },
    );
    const [first, killed, afterKill, last] = minutesOf(job, 'download', 'f0.bin');
    expect([first, killed, last]).toEqual([0, 5, expect.closeTo(10, 0)]);
    expect((afterKill ?? 0) - (killed ?? 0)).toBeLessThan(1);
    expect(tries).toBe(4);
    expect(job.ended.result).toMatchObject({ successful: 0, failed: 1 });
  });

  test('again and again is replaced within a minute each time', async () => {
    const s3EtagCheck = async () => {
      if (Context.current().info.attempt <= 12) throw new Error('killed');
      return ended(aFile(0), { code: 'skipped' });
    };
    const job = await world.run({ s3EtagCheck }, { files: [aFile(0)] });
    const minutes = minutesOf(job, 's3EtagCheck', 'f0.bin');
    expect(minutes).toHaveLength(13);
    for (const [at, minute] of minutes.entries())
      expect(minute - (minutes[at - 1] ?? 0)).toBeLessThanOrEqual(1.1);
    expect(job.ended.status).toBe('COMPLETED');
  });
});

describe('bytes that arrive wrong', () => {
  const again = {
    kind: 'again',
    evidence: { ...ended(aFile(0), { code: 'skipped' }).outcome.evidence },
    transfer,
  } as const;

  test('are fetched again after the retry delay, as often as a failing step is retried; the last try is told so', async () => {
    let downloads = 0;
    const job = await world.run(
      {
        download: async () => ({ ...fetched, transfer: { ...transfer, attempts: (downloads += 1) } }),
        localVerify: async ({ file, lastTry, transfer: done }) =>
          lastTry ? ended(file, { code: 'verification-failed' }) : { ...again, transfer: done },
      },
      { files: [aFile(0)] },
    );
    expect(minutesOf(job, 'download', 'f0.bin')).toEqual([0, 5, 10]);
    expect(job.stepsOf('localVerify').map(({ lastTry }) => lastTry)).toEqual([false, false, true]);
    expect(job.stepsOf('download').map(({ before }) => before.attempts)).toEqual([0, 1, 2]);
    expect(job.stepsOf('localVerify').map(({ before }) => before.attempts)).toEqual([0, 1, 2]);
    expect(job.ended.result?.failures).toMatchObject([{ status: 'FAILURE - Download verification failed' }]);
  });

  test('and then right are a success', async () => {
    let verified = 0;
    const job = await world.run(
      { localVerify: async ({ file }) => ((verified += 1) === 1 ? again : ended(file, { code: 'healed' })) },
      { files: [aFile(0)] },
    );
    expect(job.story('f0.bin')).toEqual([
      's3EtagCheck',
      'localCheck',
      'download',
      'localVerify',
      'download',
      'localVerify',
    ]);
    expect(job.ended).toMatchObject({ status: 'COMPLETED', result: { failed: 0 } });
  });
});
