import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { FilePlan, RestoreResult } from '../../../core/contract.js';
import { aFile, ended, resultOf, someFiles } from '../../support/fake-steps.js';
import type { Activities, Ledger } from '../../support/fake-steps.js';
import { openWorld } from '../../support/workflow-world.js';
import type { World } from '../../support/workflow-world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const allSkipped = (files: readonly FilePlan[]): Ledger =>
  new Map(files.map((file) => [file.index, ended(file, { code: 'skipped' }).outcome]));

describe('a batch', () => {
  test('over three projects has one report activity, and all its reports in the result', async () => {
    const files = ['P1', 'P2', 'P3'].map((project, index) =>
      aFile(index, { rawFileId: `raw${index}`, destination: `/out/${project}` }),
    );
    const reports = files.map(
      ({ destination }) => `${destination}/_download_status_batch_20250204_143022.txt`,
    );
    const result = { ...resultOf(files, allSkipped(files)), raw_files: 3, reports };
    const job = await world.run({ writeReport: async () => result }, { files });
    expect(job.stepsOf('writeReport')).toHaveLength(1);
    expect(job.ended).toMatchObject({
      status: 'COMPLETED',
      result: { status: 'SUCCESS', raw_files: 3, reports },
    });
  });

  test('with an unknown id restores the others, and fails with a message that counts it', async () => {
    const files = someFiles(2);
    const result: RestoreResult = {
      ...resultOf(files, allSkipped(files)),
      status: 'PARTIAL FAILURE',
      raw_files: 2,
      failures: [{ raw_file_id: 'gone', file: null, status: 'ERROR: RawFile not found in DB' }],
    };
    const plan = { rawFiles: 2, rawFilesRefused: 1 };
    const job = await world.run({ writeReport: async () => result }, { files, plan });
    expect(job.stepsOf('localVerify')).toHaveLength(2);
    expect(job.ended).toMatchObject({ status: 'FAILED', type: 'RestoreIncomplete', result });
    expect(job.ended.message).toMatch(
      /^0 of 2 files failed, 1 of 2 raw files could not be restored at all; /,
    );
  });

  test('of nothing but unknown ids begins no file, and reports', async () => {
    const result: RestoreResult = { ...resultOf([], new Map()), status: 'PARTIAL FAILURE' };
    const job = await world.run(
      { writeReport: async () => result },
      { plan: { rawFiles: 1, rawFilesRefused: 1 } },
    );
    expect(job.story()).toEqual(['planRestore', 'writeReport', 'closeJob']);
    expect(job.ended.type).toBe('RestoreIncomplete');
  });
});

describe('whatever fails, the report is written', () => {
  const forGood = () => Promise.reject(ApplicationFailure.nonRetryable('a bug'));

  test('where a page of the plan cannot be read', async () => {
    const job = await world.run({ readPlanPage: forGood }, { files: someFiles(3) });
    expect(job.stepsOf('writeReport')).toMatchObject([{ stop: null }]);
    expect(job.ended).toMatchObject({ type: 'RestoreIncomplete', result: { failed: 3 } });
  });

  test('where a page of small files fails as a whole: the files beside it are restored', async () => {
    const job = await world.run({ restorePage: forGood }, { files: someFiles(3), plan: { smallPages: 1 } });
    expect(job.stepsOf('localVerify')).toHaveLength(3);
    expect(job.stepsOf('writeReport')).toHaveLength(1);
  });

  test('where an ending cannot be written down', async () => {
    const job = await world.run({ download: forGood, concludeFile: forGood }, { files: someFiles(3) });
    expect(job.stepsOf('writeReport')).toHaveLength(1);
    expect(job.ended).toMatchObject({ type: 'RestoreIncomplete', result: { failed: 3 } });
  });

  test('an ending that is slow to be written down has its heartbeats watched, and as much time as any step', async () => {
    const watched: (number | undefined)[] = [];
    const concludeFile: Activities['concludeFile'] = async ({ outcome }) => {
      watched.push(Context.current().info.heartbeatTimeoutMs);
      return outcome;
    };
    await world.run({ download: forGood, concludeFile }, { files: someFiles(1) });
    expect(watched).toEqual([30_000]);
  });

  test('and where the folder of the job cannot be removed afterwards, the job ends all the same', async () => {
    const job = await world.run(
      { closeJob: () => Promise.reject(new Error('EBUSY: resource busy, rmdir')) },
      { files: someFiles(1) },
    );
    expect(job.ended).toMatchObject({ status: 'COMPLETED', result: { status: 'SUCCESS' } });
    expect(job.stepsOf('closeJob').length).toBeGreaterThan(1);
  });

  test('and where a report could be written nowhere, the folder stays: the report can be made from it later', async () => {
    const lost = { destination: '/out/P1', problem: 'EROFS', text: 'the report, cut' };
    const result = { ...resultOf([], new Map()), reports: [], unwritten_reports: [lost] };
    const job = await world.run({ writeReport: async () => result }, { files: someFiles(1) });
    expect(job.ended.result).toMatchObject({ unwritten_reports: [lost] });
    expect(job.stepsOf('closeJob')).toEqual([]);
  });
});
