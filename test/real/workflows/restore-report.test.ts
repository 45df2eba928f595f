import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { resultOf } from '../../support/fake-steps.js';
import { openWorld } from '../../support/workflow-world.js';
import type { World } from '../../support/workflow-world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('a workflow type that does not exist', () => {
  test('fails by name instead of hanging', async () => {
    const job = await world.run({}, { workflow: 'restor' });
    expect(job.ended).toMatchObject({
      status: 'FAILED',
      type: 'UnknownWorkflowType',
      nonRetryable: true,
      message: 'There is no workflow type "restor"; expected restore, bulkZip or restoreReport.',
    });
    expect(job.calls).toEqual([]);
  });
});

describe('restoreReport', () => {
  const reports = [{ path: '/out/P1/report.txt', text: 'all is well', truncated: false }];
  const paths = ['/out/P1/report.txt'];
  const workflow = 'restoreReport';

  test('reads the reports that are named', async () => {
    const job = await world.run(
      { rescueReport: async () => null, readReport: async () => ({ reports }) },
      { workflow, args: [{ workflow_id: 'w', paths }] },
    );
    expect(job.ended).toMatchObject({ status: 'COMPLETED', result: { reports } });
    expect(job.stepsOf('readReport')).toEqual([{ paths }]);
  });

  test('writes the ones that the job could not write, and gives the text of what cannot be written even now', async () => {
    const lost = { destination: '/out/P3', problem: 'EROFS', text: 'the third' };
    const rescued = {
      ...resultOf([], new Map()),
      reports: ['/out/P1/report.txt', '/out/P2/report.txt'],
      unwritten_reports: [lost],
    };
    const job = await world.run(
      { rescueReport: async () => rescued, readReport: async () => ({ reports }) },
      { workflow, args: [{ workflow_id: 'w', paths }] },
    );
    expect(job.stepsOf('readReport')).toEqual([{ paths: rescued.reports }]);
    expect(job.ended.result).toEqual({
      reports: [...reports, { path: '/out/P3', text: 'the third', truncated: false }],
    });
  });

  test('of a job that was terminated writes them first', async () => {
    const rescued = { ...resultOf([], new Map()), reports: paths };
    const job = await world.run(
      { rescueReport: async () => rescued, readReport: async () => ({ reports }) },
      { workflow, args: [{ workflow_id: 'w', paths: [] }] },
    );
    expect(job.ended.result).toEqual({ reports });
    expect(job.calls).toMatchObject([
      { name: 'rescueReport', step: { workflowId: 'w' } },
      { name: 'readReport', step: { paths } },
    ]);
  });

  test('of a job that left nothing is empty', async () => {
    const job = await world.run(
      { rescueReport: async () => null },
      { workflow, args: [{ workflow_id: 'w', paths: [] }] },
    );
    expect(job.ended).toMatchObject({ status: 'COMPLETED', result: { reports: [] } });
    expect(job.story()).toEqual(['rescueReport']);
  });

  test.each([[[]], [['w']], [[{ workflow_id: 'w' }]], [[{ workflow_id: 7, paths: [] }]]])(
    'with the input %j is refused instead of hanging',
    async (args) => {
      const job = await world.run({}, { workflow, args });
      expect(job.ended).toMatchObject({ status: 'FAILED', type: 'InvalidInput', nonRetryable: true });
      expect(job.calls).toEqual([]);
    },
  );
});
