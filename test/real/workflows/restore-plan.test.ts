import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import type { RestorePreview, RestoreResult } from '../../../core/contract.js';
import { HOUR, aFile, allRight, resultOf, someFiles, unplannedResult } from '../../support/fake-steps.js';
import { openWorld, until } from '../../support/workflow-world.js';
import type { World } from '../../support/workflow-world.js';

const [REPORT] = unplannedResult('').reports;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('a plan that ends the job', () => {
  test('is asked for with what the caller sent, whatever that is, and who the job is', async () => {
    const args = [{ raw_file_ids: 7 }, 'and more'];
    const job = await world.run({ planRestore: async () => ({ kind: 'invalid', message: 'no' }) }, { args });
    const { runId } = await job.handle.describe();
    const [request] = job.stepsOf('planRestore');
    expect(request).toMatchObject({ args, workflowId: job.handle.workflowId, runId });
    expect(Math.abs((request?.startedAtMs ?? 0) - (job.calls[0]?.atMs ?? 0))).toBeLessThan(10_000);
  });

  test.each([[[]], [[null]]])('is asked even where the caller sent %j', async (args) => {
    const job = await world.run({ planRestore: async () => ({ kind: 'invalid', message: 'no' }) }, { args });
    expect(job.stepsOf('planRestore')).toMatchObject([{ args }]);
  });

  test('for an invalid input fails at once, non-retryable, with the message; nothing else is called', async () => {
    const message = 'raw_file_ids: expected at least 3 characters';
    const job = await world.run({ planRestore: async () => ({ kind: 'invalid', message }) });
    expect(job.ended).toMatchObject({ status: 'FAILED', type: 'InvalidInput', message, nonRetryable: true });
    expect(job.story()).toEqual(['planRestore']);
  });

  test('where nothing can be written holds the report in the failure itself', async () => {
    const result: RestoreResult = {
      ...resultOf(someFiles(2), new Map()),
      reports: [],
      unwritten_reports: [{ destination: '/out', problem: 'EROFS', text: 'S3 Download Batch Status Report' }],
    };
    const job = await world.run({ planRestore: async () => ({ kind: 'unwritable', result }) });
    expect(job.ended).toEqual({
      status: 'FAILED',
      type: 'RestoreIncomplete',
      message: '2 of 2 files failed; no report for /out: EROFS',
      nonRetryable: true,
      result,
      memo: {},
    });
    expect(job.story()).toEqual(['planRestore']);
  });

  test('of a dry run is the result; no report is written', async () => {
    const preview: RestorePreview = {
      dry_run: true,
      raw_files: [],
      filesystems: [{ path: '/out', needed_bytes: 5, free_bytes: 7 }],
      problems: [],
      problems_omitted: 0,
    };
    const job = await world.run({ planRestore: async () => ({ kind: 'preview', preview }) });
    expect(job.ended).toMatchObject({ status: 'COMPLETED', type: null });
    expect(job.ended.result).toEqual(preview);
    expect(job.story()).toEqual(['planRestore']);
  });

  test('because the catalogue cannot be read fails with that type and sentence', async () => {
    const failure = ApplicationFailure.nonRetryable('MongoDB does not answer', 'CatalogueUnavailable');
    const job = await world.run({ planRestore: () => Promise.reject(failure) });
    expect(job.ended).toMatchObject({
      status: 'FAILED',
      type: 'CatalogueUnavailable',
      message: `MongoDB does not answer (report: ${REPORT})`,
      nonRetryable: true,
    });
    expect(job.ended.result).toEqual(unplannedResult('Not started (MongoDB does not answer)'));
    expect(job.story()).toEqual(['planRestore', 'reportUnplanned']);
  });

  test('fails with its own sentence where not even a report can be made', async () => {
    const failure = ApplicationFailure.nonRetryable('MongoDB does not answer', 'CatalogueUnavailable');
    const reportUnplanned = () => Promise.reject(ApplicationFailure.nonRetryable('no disk'));
    const job = await world.run({ planRestore: () => Promise.reject(failure), reportUnplanned });
    expect(job.ended).toMatchObject({
      status: 'FAILED',
      type: 'CatalogueUnavailable',
      message: 'MongoDB does not answer',
    });
  });
});

describe('a plan that is never ready', () => {
  test('ends the job where its step says that the time limit is over, with a report where one is due', async () => {
    const planRestore = async () => ({ kind: 'too-late' }) as const;
    const job = await world.run({ planRestore });
    expect(job.stepsOf('reportUnplanned')).toMatchObject([{ error: 'Not started (deadline)' }]);
    expect(job.ended).toMatchObject({
      status: 'FAILED',
      type: 'RestoreIncomplete',
      message: expect.stringMatching(/^Stopped at the time limit\. .*; reports: /),
    });
    const dryRun = await world.run({ planRestore, reportUnplanned: async () => null });
    expect(dryRun.ended).toMatchObject({
      status: 'FAILED',
      message: expect.stringMatching(/^Stopped at the time/),
    });
  });

  test('ends the job within 12 hours, with the reason and a report', async () => {
    const job = await world.run({
      planRestore: () =>
        Promise.reject(ApplicationFailure.create({ message: 'the disk hangs', nextRetryDelay: '50m' })),
    });
    expect(job.calls.length).toBeGreaterThan(12);
    expect((job.calls.at(-1)?.atMs ?? 0) - (job.calls[0]?.atMs ?? 0)).toBeLessThan(12 * HOUR);
    expect(job.stepsOf('reportUnplanned')).toMatchObject([{ error: 'Not started (deadline)' }]);
    expect(job.ended).toMatchObject({ status: 'FAILED', type: 'RestoreIncomplete' });
    expect(job.ended.message).toMatch(
      /^Stopped at the time limit\. .*; planning failed until then: the disk hangs$/,
    );
  });
});

describe('a job that is started by cron', () => {
  test('plans afresh each time, and has its time limit from when it begins', async () => {
    const plans: number[] = [];
    const right = allRight([aFile(0)], new Map());
    const job = await world.start(
      {
        planRestore: async (request) => {
          plans.push(request.startedAtMs);
          return plans.length < 3 ? right.planRestore(request) : { kind: 'invalid', message: 'enough' };
        },
      },
      { files: [aFile(0)], start: { cronSchedule: '0 3 * * *' } },
    );
    void job.end();
    await until(() => plans.length > 3);
    await job.handle.terminate();
    expect(job.stepsOf('writeReport').slice(0, 2)).toMatchObject([{ stop: null }, { stop: null }]);
    expect((plans[2] ?? 0) - (plans[1] ?? 0)).toBeCloseTo(24 * HOUR, -5);
    // Else a run would find what the one before has left.
    const runs = job.stepsOf('planRestore').map(({ runId }) => runId);
    expect(new Set(runs).size).toBe(runs.length);
  });
});
