/** What needs the real dev server: new runs of a long job, and cron. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import { PROGRESS_QUERY } from '../../../core/contract.js';
import type { ProgressAnswer } from '../../../core/contract.js';
import type { ZipCarry, ZipPlanRequest } from '../../../core/zip-contract.js';
import { until } from '../../support/workflow-world.js';
import { zipEndOf } from '../../support/zip-lab.js';
import { allRight, appended, openZipWorkflows, result } from '../../support/zip-workflows.js';
import type { ZipJob, ZipWorkflows } from '../../support/zip-workflows.js';

/** Asks for a new run after 100 events instead of 4,096. */
const devServer = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=100'];

let world: ZipWorkflows;
beforeAll(async () => {
  world = await openZipWorkflows(devServer);
}, 60_000);
afterAll(() => world.close());

/** What each run but the first was handed. */
async function carriesOf({ handle }: ZipJob): Promise<readonly ZipCarry[]> {
  const carries: ZipCarry[] = [];
  let runId: string | null | undefined = handle.firstExecutionRunId;
  for (let isFirst = true; runId; isFirst = false) {
    const { events } = await world.env.client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
    const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    if (payload && !isFirst) carries.push(defaultPayloadConverter.fromPayload<ZipCarry>(payload));
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return carries;
}

describe('a bulk ZIP', () => {
  test('with a long history goes on in new runs: every segment once, one plan, one end, the counts right', async () => {
    const built: number[] = [];
    const job = await world.start(
      {
        zipAppend: async ({ segment }) => {
          built.push(segment);
          return appended;
        },
      },
      60,
    );
    expect((await zipEndOf(job.handle)).result).toEqual(result);
    const carries = await carriesOf(job);
    expect(carries.length).toBeGreaterThan(1);
    expect(
      new Set(carries.map(({ deadlineAtMs, job: planned }) => `${deadlineAtMs} ${planned.ref.runId}`)).size,
    ).toBe(1);
    expect(built.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 60 }, (_, at) => at));
    expect(job.calls.filter((name) => name !== 'zipAppend')).toEqual([
      'planZip',
      'recordAccess',
      'zipComplete',
      'closeZip',
    ]);
    expect(await job.handle.query<ProgressAnswer>(PROGRESS_QUERY)).toMatchObject({
      phase: 'done',
      files_done: 600,
      bytes_done: 6000,
    });
  }, 60_000);

  test('that cron starts again is a job of its own each time', async () => {
    const plans: ZipPlanRequest[] = [];
    const { handle } = await world.start(
      {
        planZip: async (request) => {
          plans.push(request);
          return allRight(0).planZip(request);
        },
      },
      0,
      { cronSchedule: '@every 1s' },
    );
    await until(() => plans.length >= 3);
    await handle.terminate();
    expect(plans.map(({ args }) => args)).toEqual(plans.map(() => [{}]));
    expect(new Set(plans.map(({ runId }) => runId)).size).toBe(plans.length);
  }, 30_000);
});
