/** The bulk ZIP's workflow against fake activities: on a server that skips time, or on the real dev server. Each job brings its own fakes. */
import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import type { WorkflowHandleWithFirstExecutionRunId, WorkflowStartOptions } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { transferQueue } from '../../core/contract.js';
import type {
  PlannedZip,
  ZipActivities,
  ZipAppendAnswer,
  ZipTransferActivities,
} from '../../core/zip-contract.js';
import { realServer, skippingServer } from './temporal-servers.js';
import { bundlePath } from './workflow-bundle.js';

export type ZipSteps = ZipActivities & ZipTransferActivities;

const HOUR_MS = 3_600_000;

export const planned = (segments: number, workflowId = ''): PlannedZip => ({
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

export const appended: ZipAppendAnswer = { kind: 'appended', entries: 10, skipped: 0, bytes: 100 };
export const result = {
  status: 'complete',
  uri: 's3://zips/a.zip',
  file_name: 'a.zip',
  size_bytes: 1,
  entries: 30,
  skipped: [],
} as const;

export const allRight = (segments: number): ZipSteps => ({
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

export interface ZipJob {
  readonly handle: WorkflowHandleWithFirstExecutionRunId;
  /** The names of its activities, as they were begun. */
  readonly calls: readonly string[];
}

export interface ZipWorkflows {
  readonly env: TestWorkflowEnvironment;
  start(steps: Partial<ZipSteps>, segments?: number, more?: Partial<WorkflowStartOptions>): Promise<ZipJob>;
  close(): Promise<void>;
}

type Jobs = Map<string, { readonly steps: ZipSteps; readonly calls: string[] }>;

/** `devServer`: arguments of a real one; without them time is skipped. */
export async function openZipWorkflows(devServer?: readonly string[]): Promise<ZipWorkflows> {
  const logging = { filter: { core: 'ERROR', other: 'ERROR' } } as const;
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined), telemetryOptions: { logging } });
  const env = await (devServer === undefined ? skippingServer() : realServer(devServer));
  const jobs: Jobs = new Map();
  const taskQueue = `zips-${randomUUID()}`;
  const workers = await createWorkers(env, taskQueue, jobs);
  const running = Promise.all(workers.map((worker) => worker.run()));
  return {
    env,
    start: async (steps, segments = 3, more = {}) => {
      const workflowId = `zip-${randomUUID()}`;
      const calls: string[] = [];
      jobs.set(workflowId, { calls, steps: { ...allRight(segments), ...steps } });
      const options = { args: [{}], ...more, taskQueue, workflowId };
      return { calls, handle: await env.client.workflow.start('bulkZip', options) };
    },
    close: async () => {
      for (const worker of workers) worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}

async function createWorkers(
  env: TestWorkflowEnvironment,
  taskQueue: string,
  jobs: Jobs,
): Promise<readonly Worker[]> {
  const throttle = '100ms';
  const shared = {
    connection: env.nativeConnection,
    activities: dispatching(jobs),
    maxHeartbeatThrottleInterval: throttle,
    defaultHeartbeatThrottleInterval: throttle,
    // A fake that a failed test has left waiting must not keep the file from its end.
    shutdownForceTime: '2s',
  } as const;
  const workflowBundle = { codePath: await bundlePath() };
  return Promise.all([
    Worker.create({ ...shared, taskQueue, workflowBundle, maxCachedWorkflows: 0 }),
    Worker.create({ ...shared, taskQueue: transferQueue(taskQueue) }),
  ]);
}

/** An expiry's id holds that of its ZIP's job. */
const ZIP_ID = /zip-[0-9a-f-]{36}/;

const dispatching = (jobs: Jobs): Record<string, (step: unknown) => Promise<unknown>> =>
  Object.fromEntries(
    Object.keys(allRight(0)).map((name) => [
      name,
      (step: unknown) => {
        const { workflowId = '' } = activityInfo().workflowExecution ?? {};
        const job = jobs.get(ZIP_ID.exec(workflowId)?.[0] ?? '');
        if (job === undefined) throw new Error('an activity of another test');
        job.calls.push(name);
        return (job.steps[name as keyof ZipSteps] as (step: unknown) => Promise<unknown>)(step);
      },
    ]),
  );
