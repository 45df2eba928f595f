import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure, Context, activityInfo } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { PROGRESS_QUERY, transferQueue } from '../../../core/contract.js';
import type { ProgressAnswer } from '../../../core/contract.js';
import type {
  PlannedZip,
  ZipActivities,
  ZipAppendAnswer,
  ZipTransferActivities,
} from '../../../core/zip-contract.js';
import { timeSkippingExecutable } from '../../../dev/obtain.js';
import { gate } from '../../support/gate.js';
import { bundlePath } from '../../support/workflow-bundle.js';
import { until } from '../../support/workflow-world.js';
import { zipEndOf } from '../../support/zip-lab.js';

type Steps = ZipActivities & ZipTransferActivities;

const HOUR_MS = 3_600_000;

const planned = (segments: number, workflowId = ''): PlannedZip => ({
  ref: {
    workflowId,
    runId: 'run',
    source: {
      kind: 'attachments',
      workspaceId: 'w',
      clientId: 'c',
      attachmentIds: ['1'],
      requestedBy: 'user-1',
    },
    target: { bucket: 'zips', key: 'a.zip' },
    uploadId: 'upload',
    onError: 'fail',
    compression: 'store',
    workPrefix: 'work/',
    limits: { timeoutMs: 12 * HOUR_MS, retries: 2, retryDelayMs: 10_000 },
    startedAtMs: 0,
  },
  entries: segments * 10,
  refused: 0,
  bytes: segments * 100,
  segments,
  fileName: 'a.zip',
});

const appended: ZipAppendAnswer = { kind: 'appended', entries: 10, skipped: 0, bytes: 100 };
const result = {
  status: 'complete',
  uri: 's3://zips/a.zip',
  file_name: 'a.zip',
  size_bytes: 1,
  entries: 30,
  skipped: [],
} as const;

const allRight = (segments: number): Steps => ({
  planZip: async ({ startedAtMs, workflowId }) => {
    const job = planned(segments, workflowId);
    return { kind: 'planned', job: { ...job, ref: { ...job.ref, startedAtMs } } };
  },
  zipAppend: async () => appended,
  recordAccess: async () => ({ kind: 'recorded' }),
  zipComplete: async () => ({ kind: 'completed', result }),
  closeZip: async () => undefined,
  abortZip: async () => undefined,
  abandonPlan: async () => undefined,
  removeZip: async () => undefined,
});

let env: TestWorkflowEnvironment;
let stop: () => Promise<void>;
const jobs = new Map<string, { readonly steps: Steps; readonly calls: string[] }>();
const taskQueue = `zips-${randomUUID()}`;

beforeAll(async () => {
  const logging = { filter: { core: 'ERROR', other: 'ERROR' } } as const;
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), telemetryOptions: { logging } });
  const executable = await timeSkippingExecutable(() => undefined);
  env = await TestWorkflowEnvironment.createTimeSkipping(
    executable === undefined ? {} : { server: { executable } },
  );
  const activities = Object.fromEntries(
    Object.keys(allRight(0)).map((name) => [
      name,
      (step: unknown) => {
        const job = jobs.get(activityInfo().workflowExecution?.workflowId ?? '');
        if (job === undefined) throw new Error('an activity of another test');
        job.calls.push(name);
        return (job.steps[name as keyof Steps] as (step: unknown) => Promise<unknown>)(step);
      },
    ]),
  );
  const throttle = '100ms';
  const shared = {
    connection: env.nativeConnection,
    activities,
    maxHeartbeatThrottleInterval: throttle,
    defaultHeartbeatThrottleInterval: throttle,
  } as const;
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue,
      workflowBundle: { codePath: await bundlePath() },
      maxCachedWorkflows: 0,
    }),
    Worker.create({ ...shared, taskQueue: transferQueue(taskQueue) }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  stop = async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    await env.teardown();
  };
}, 60_000);
afterAll(() => stop());

async function start(
  steps: Partial<Steps>,
  segments = 3,
): Promise<{ handle: WorkflowHandle; calls: readonly string[] }> {
  const workflowId = `zip-${randomUUID()}`;
  const calls: string[] = [];
  jobs.set(workflowId, { calls, steps: { ...allRight(segments), ...steps } });
  return { calls, handle: await env.client.workflow.start('bulkZip', { taskQueue, workflowId, args: [{}] }) };
}

async function run(steps: Partial<Steps>, segments = 3) {
  const { handle, calls } = await start(steps, segments);
  return { ...(await zipEndOf(handle)), calls };
}

/** A step that goes on until it is cancelled. */
const untilCancelled = async (): Promise<never> => {
  const beat = setInterval(() => Context.current().heartbeat(), 50);
  return Context.current().cancelled.finally(() => clearInterval(beat));
};

describe('a bulk ZIP', () => {
  test('is planned, built in segments, recorded, completed, tidied up: in this order', async () => {
    const { result: found, failure, calls } = await run({});
    expect([found, failure]).toEqual([result, null]);
    const appends = ['zipAppend', 'zipAppend', 'zipAppend'];
    expect(calls).toEqual(['planZip', ...appends, 'recordAccess', 'zipComplete', 'closeZip']);
  });

  test('that is refused fails at once with type, words and reason, and is not aborted: nothing was begun', async () => {
    const refusal = {
      kind: 'refused',
      type: 'NotFound',
      message: 'no',
      reason: 'workspace-inactive',
    } as const;
    const { failure, calls } = await run({ planZip: async () => refusal });
    expect(failure).toEqual({ type: 'NotFound', message: 'no', reason: 'workspace-inactive' });
    expect(calls).toEqual(['planZip']);
  });

  test('tries a segment again when its worker dies or asks for it', async () => {
    const { failure, calls } = await run({
      zipAppend: async ({ segment }) => {
        if (segment !== 1 || Context.current().info.attempt > 2) return appended;
        throw ApplicationFailure.create({ type: 'WillRetry', message: 'again', nextRetryDelay: '10s' });
      },
    });
    expect(failure).toBeNull();
    expect(calls.filter((name) => name === 'zipAppend')).toHaveLength(5);
  });

  test('with an entry that cannot be had stops the other segments and gives the upload up', async () => {
    const { failure, calls } = await run({
      zipAppend: async ({ segment }) =>
        segment === 2 ? { kind: 'refused', type: 'StorageError', message: 'gone' } : untilCancelled(),
    });
    expect(failure).toEqual({ type: 'StorageError', message: 'gone', reason: null });
    expect(calls.at(-1)).toBe('abortZip');
    expect(calls).not.toContain('recordAccess');
  }, 30_000);

  test('that cannot be recorded is never completed', async () => {
    const { failure, calls } = await run({
      recordAccess: async () => ({
        kind: 'refused',
        type: 'StorageError',
        message: 'the database is down',
        reason: 'audit-unavailable',
      }),
    });
    expect(failure).toMatchObject({ type: 'StorageError', reason: 'audit-unavailable' });
    expect(calls.slice(-2)).toEqual(['recordAccess', 'abortZip']);
  });

  test('that is cancelled while it is built gives the upload up, after its segments have ended', async () => {
    let ended = 0;
    const zipAppend = () => untilCancelled().finally(() => (ended += 1));
    const { handle, calls } = await start({
      zipAppend,
      abortZip: async () => expect(ended).toBe(3),
    });
    await until(() => calls.filter((name) => name === 'zipAppend').length === 3);
    await handle.cancel();
    expect((await zipEndOf(handle)).failure?.type).toBe('CancelledFailure');
    expect(calls.at(-1)).toBe('abortZip');
  }, 30_000);

  test('that is cancelled while it is planned has its plan abandoned', async () => {
    const { handle, calls } = await start({ planZip: untilCancelled });
    await until(() => calls.length === 1);
    await handle.cancel();
    expect((await zipEndOf(handle)).failure?.type).toBe('CancelledFailure');
    expect(calls).toEqual(['planZip', 'abandonPlan']);
  }, 30_000);

  test('is over after its time limit', async () => {
    const { failure, calls } = await run({
      zipAppend: async () => {
        throw ApplicationFailure.create({ type: 'WillRetry', message: 'again', nextRetryDelay: '13h' });
      },
    });
    expect(failure).toMatchObject({
      type: 'ZipError',
      message: 'The ZIP was not built within the time limit',
    });
    expect(calls.at(-1)).toBe('abortZip');
  }, 30_000);

  test('tells how far it is, stops for a pause, and goes on', async () => {
    const first = gate();
    const { handle, calls } = await start({ zipAppend: () => first.opened.then(() => appended) }, 6);
    const progress = () => handle.query<ProgressAnswer>(PROGRESS_QUERY);
    await until(() => calls.filter((name) => name === 'zipAppend').length === 4);
    expect(await progress()).toMatchObject({
      phase: 'restoring',
      raw_files_total: 1,
      files_total: 60,
      files_done: 0,
      bytes_total: 600,
      current: [{ file: 'segment 1 of 6' }, {}, {}, {}],
    });
    await handle.signal('pause');
    first.open();
    await until(async () => (await progress()).files_done === 40);
    expect(await progress()).toMatchObject({ phase: 'paused', bytes_done: 400, current: [] });
    await handle.signal('resume');
    expect((await zipEndOf(handle)).result).toEqual(result);
    expect(await progress()).toMatchObject({ phase: 'done', raw_files_done: 1, files_done: 60 });
  }, 30_000);
});
