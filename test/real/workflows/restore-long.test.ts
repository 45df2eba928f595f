import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import type { RestoreCarry } from '../../../core/contract.js';
import { FILE_BYTES, LIMITS, aFile, allRight, ended, someFiles } from '../../support/fake-steps.js';
import { gate } from '../../support/gate.js';
import { inHand, openWorld, until } from '../../support/workflow-world.js';
import type { Job, World } from '../../support/workflow-world.js';

/** A dev server that asks for a new run after 100 events instead of 4,096. */
const devServer = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=100'];

let world: World;
beforeAll(async () => {
  world = await openWorld({ devServer, cached: 10 });
});
afterAll(() => world.close());

interface Run {
  readonly runId: string;
  readonly carry: RestoreCarry | null;
  readonly events: number;
}

/** The runs of a job, from the first to the last, with what each was handed. */
async function runsOf(job: Job): Promise<readonly Run[]> {
  const { handle } = job;
  const runs: Run[] = [];
  let runId: string | null | undefined = job.stepsOf('planRestore')[0]?.runId;
  while (runId) {
    const { events } = await world.env.client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
    const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const carry =
      runs.length === 0 || !payload ? null : defaultPayloadConverter.fromPayload<RestoreCarry>(payload);
    runs.push({ runId, carry, events: events?.length ?? 0 });
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return runs;
}

const startedAtMs = (job: Job): number => job.stepsOf('planRestore')[0]?.startedAtMs ?? Number.NaN;

describe('a job with a long history', () => {
  test('goes on in new runs: every file once, every page once, one report, the counts right', async () => {
    const files = someFiles(90);
    const right = allRight(files, new Map());
    const job = await world.run(
      {
        s3EtagCheck: async (step) =>
          step.file.index % 30 === 7 ? ended(step.file, { code: 's3-missing' }) : right.s3EtagCheck(step),
        restorePage: async () => ({
          files: 100,
          failed: 1,
          bytes: 10,
          bytesDownloaded: 10,
          fullFilesystems: [],
        }),
      },
      { files, plan: { smallPages: 12, files: 1290, bytes: 90 * FILE_BYTES + 120 } },
    );
    const runs = await runsOf(job);
    expect(runs.length).toBeGreaterThan(1);
    for (const { events } of runs) expect(events).toBeLessThan(1000);
    const checked = job.stepsOf('s3EtagCheck').map(({ file }) => file.index);
    expect(checked.toSorted((one, other) => one - other)).toEqual(files.map(({ index }) => index));
    expect(job.stepsOf('localVerify')).toHaveLength(87);
    const pages = job.stepsOf('restorePage').map(({ page }) => page);
    expect(pages.toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 12 }, (_, page) => page),
    );
    expect(job.stepsOf('planRestore')).toHaveLength(1);
    expect(job.stepsOf('writeReport')).toHaveLength(1);
    expect(job.ended).toMatchObject({
      status: 'FAILED',
      type: 'RestoreIncomplete',
      result: { successful: 87, failed: 3 },
    });
    expect(await job.progress()).toMatchObject({
      phase: 'done',
      files_done: 1290,
      files_failed: 15,
      bytes_done: 90 * FILE_BYTES + 120,
    });
    expect(await detailsOf(job)).toContain('f7.bin: FAILURE - S3 file not found');
  });

  test('keeps its deadline, its identity and its full filesystems through all runs', async () => {
    const files = someFiles(70).map((file) => ({
      ...file,
      filesystem: file.index === 69 ? '/full' : '/out',
    }));
    files[0] = aFile(0, { filesystem: '/full' });
    const right = allRight(files, new Map());
    const job = await world.run(
      {
        download: async (step) =>
          step.file.index === 0 ? ended(step.file, { code: 'disk-full' }) : right.download(step),
      },
      { files },
    );
    const carries = (await runsOf(job)).flatMap(({ carry }) => carry ?? []);
    expect(carries.length).toBeGreaterThan(0);
    for (const { deadlineAtMs, job: planned, paused } of carries) {
      expect(deadlineAtMs).toBe(startedAtMs(job) + LIMITS.timeoutMs);
      expect(planned.ref).toMatchObject({
        workflowId: job.handle.workflowId,
        runId: job.stepsOf('planRestore')[0]?.runId,
      });
      expect(paused).toBe(false);
    }
    const done = carries.map(({ tally }) => tally.filesDone);
    expect(done).toEqual(done.toSorted((one, other) => one - other));
    expect(job.story('f69.bin')).toEqual([]);
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: null, fullFilesystems: ['/full'] }]);
  });

  test('is stopped by the one deadline that it had from its start', async () => {
    const files = someFiles(60);
    const right = allRight(files, new Map());
    const limits = { ...LIMITS, timeoutMs: 6000 };
    const job = await world.run(
      {
        // The last file takes for ever; all others are there long before.
        download: async (step) => {
          if (step.file.index !== 59) return right.download(step);
          const timer = setInterval(() => Context.current().heartbeat(), 100);
          return Context.current().cancelled.finally(() => clearInterval(timer));
        },
      },
      { files, plan: { limits } },
    );
    const carries = (await runsOf(job)).flatMap(({ carry }) => carry ?? []);
    expect(carries.length).toBeGreaterThan(0);
    expect(new Set(carries.map(({ deadlineAtMs }) => deadlineAtMs))).toEqual(
      new Set([startedAtMs(job) + 6000]),
    );
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: 'deadline' }]);
    const reportedAtMs = job.calls.find(({ name }) => name === 'writeReport')?.atMs ?? 0;
    expect(reportedAtMs - startedAtMs(job)).toBeGreaterThanOrEqual(5900);
    expect(job.ended).toMatchObject({ type: 'RestoreIncomplete', result: { successful: 59, failed: 1 } });
  });

  test('that is paused stays so, whatever its length, and goes on in a new run when it is resumed', async () => {
    const files = someFiles(80);
    const right = allRight(files, new Map());
    const rest = gate();
    const job = await world.start(
      {
        s3EtagCheck: async (step) => {
          if (step.file.index >= 30) await rest.opened;
          return right.s3EtagCheck(step);
        },
      },
      { files },
    );
    await until(() => job.stepsOf('s3EtagCheck').some(({ file }) => file.index >= 30));
    await inHand(job, 's3EtagCheck');
    await job.handle.signal('pause');
    await until(async () => (await job.progress()).phase === 'paused');
    rest.open();
    await until(async () => (await job.progress()).current.length === 0);
    const begun = job.stepsOf('s3EtagCheck').length;
    const before = await runsOf(job);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(job.stepsOf('s3EtagCheck')).toHaveLength(begun);
    expect(begun).toBeLessThan(80);
    await job.handle.signal('resume');
    expect((await job.end()).result).toMatchObject({ status: 'SUCCESS', successful: 80 });
    expect(job.stepsOf('s3EtagCheck')).toHaveLength(80);
    expect((await runsOf(job)).length).toBeGreaterThan(before.length);
  });
});

const detailsOf = async ({ handle }: Job): Promise<string> =>
  (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
