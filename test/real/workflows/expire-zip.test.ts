import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type {
  PlannedZip,
  ZipActivities,
  ZipExpiry,
  ZipPlanRequest,
  ZipTarget,
} from '../../../core/zip-contract.js';
import { bundlePath } from '../../support/workflow-bundle.js';
import { HOUR, LIMITS } from '../../support/fake-steps.js';
import { openWorld } from '../../support/workflow-world.js';
import type { World } from '../../support/workflow-world.js';

const TARGET: ZipTarget = { bucket: 'zips', key: 'zips/0123456789abcdef0123456789abcdef.zip' };

/** One try of removing a ZIP; by the server's clock. */
interface Removal {
  readonly target: ZipTarget;
  readonly atMs: number;
  readonly workflowId: string;
}

let world: World;
let worker: Worker;
let running: Promise<void>;
const taskQueue = `expiry-${randomUUID()}`;
const removals: Removal[] = [];
const fakes: { plan: Partial<PlannedZip>; refuses: boolean; failures: number } = {
  plan: {},
  refuses: false,
  failures: 0,
};

const planned = ({ workflowId, runId, startedAtMs }: ZipPlanRequest): PlannedZip => ({
  ref: {
    workflowId,
    runId,
    source: { kind: 'objects' },
    target: TARGET,
    uploadId: 'u',
    onError: 'fail',
    compression: 'store',
    workPrefix: '.stowage/zip/x/',
    limits: LIMITS,
    startedAtMs,
  },
  entries: 0,
  refused: 0,
  bytes: 0,
  segments: 0,
  fileName: 'client-files.zip',
  ...fakes.plan,
});

const activities: ZipActivities = {
  planZip: async (request) => ({ kind: 'planned', job: planned(request) }),
  recordAccess: async () => ({ kind: 'recorded' }),
  zipComplete: async () =>
    fakes.refuses
      ? { kind: 'refused', type: 'ZipError', message: 'no' }
      : {
          kind: 'completed',
          result: {
            status: 'complete',
            uri: 's3://…',
            file_name: 'x',
            size_bytes: 22,
            entries: 0,
            skipped: [],
          },
        },
  closeZip: async () => undefined,
  abortZip: async () => undefined,
  abandonPlan: async () => undefined,
  removeZip: async (target) => {
    const { workflowId = '' } = activityInfo().workflowExecution ?? {};
    removals.push({ target, workflowId, atMs: await world.env.currentTimeMs() });
    if (removals.length <= fakes.failures) throw new Error('S3 is down');
  },
};

beforeAll(async () => {
  world = await openWorld();
  const { nativeConnection: connection } = world.env;
  worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath: await bundlePath() },
    activities: { ...activities },
    maxCachedWorkflows: 0,
  });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await world.close();
});
afterEach(() => {
  removals.splice(0);
  Object.assign(fakes, { plan: {}, refuses: false, failures: 0 });
});

const startZip = (workflowId = `zip-${randomUUID()}`): Promise<WorkflowHandle> =>
  world.env.client.workflow.start('bulkZip', { taskQueue, workflowId, args: [{}] });

const expiryOf = async (handle: WorkflowHandle): Promise<WorkflowHandle> => {
  const { raw } = await handle.describe();
  const runId = raw.workflowExecutionInfo?.execution?.runId ?? '';
  return world.env.client.workflow.getHandle(`expire-${handle.workflowId}-${runId}`);
};

const exists = (handle: WorkflowHandle): Promise<boolean> =>
  handle.describe().then(
    () => true,
    (error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    },
  );

const startExpiry = (): Promise<WorkflowHandle> =>
  world.env.client.workflow.start('expireZip', {
    taskQueue,
    workflowId: `expire-${randomUUID()}`,
    args: [{ target: TARGET, ttlMs: 3 * HOUR } satisfies ZipExpiry],
  });

describe('the expiry of a ZIP', () => {
  test('removes it when its time is over', async () => {
    const expiry = await startExpiry();
    const { startTime } = await expiry.describe();
    await expiry.result();
    expect(removals).toMatchObject([{ target: TARGET }]);
    expect(((removals[0]?.atMs ?? 0) - startTime.getTime()) / HOUR).toBeCloseTo(3, 1);
  });

  test('goes on for as long as S3 cannot remove it', async () => {
    fakes.failures = 30;
    await (await startExpiry()).result();
    expect(removals).toHaveLength(31);
  });
});

/** By the real clock: with a child that its parent leaves behind, the server does not always skip time. */
const SOON = { ttlMs: 200 };

describe('a finished ZIP', () => {
  test('of attachments has an expiry, which outlives its job', async () => {
    fakes.plan = SOON;
    const zip = await startZip();
    await zip.result();
    const expiry = await expiryOf(zip);
    await expiry.result();
    expect(removals).toMatchObject([{ target: TARGET, workflowId: expiry.workflowId }]);
  });

  test('of an operator stays', async () => {
    const zip = await startZip();
    await zip.result();
    expect(await exists(await expiryOf(zip))).toBe(false);
  });

  test('of a job that is made again under the same id goes as well', async () => {
    fakes.plan = SOON;
    const id = `zip-${randomUUID()}`;
    for (let run = 0; run < 2; run += 1) {
      const zip = await startZip(id);
      await zip.result();
      await (await expiryOf(zip)).result();
    }
    expect(new Set(removals.map(({ workflowId }) => workflowId)).size).toBe(2);
  });
});

test('a job without a ZIP has nothing that expires', async () => {
  fakes.plan = SOON;
  fakes.refuses = true;
  const zip = await startZip();
  await expect(zip.result()).rejects.toThrow();
  expect(await exists(await expiryOf(zip))).toBe(false);
});
