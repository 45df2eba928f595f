import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import type { RestorePreview, RestoreResult } from '../../../core/contract.js';
import { resultOf, someFiles } from '../../support/fake-steps.js';
import { openWorld } from '../../support/workflow-world.js';
import type { World } from '../../support/workflow-world.js';

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
      message: 'MongoDB does not answer',
      nonRetryable: true,
    });
    expect(job.story()).toEqual(['planRestore']);
  });
});
