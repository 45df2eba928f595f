/** From settings to a running worker. */
import { Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { createRestoreActivities, createTransferActivities } from '../activities/index.js';
import { createZipActivities, createZipTransferActivities } from '../activities/zip-activities.js';
import { transferQueue } from '../core/contract.js';
import type { Environment } from '../core/settings.js';
import { bundleWorkflows } from './bundle.js';
import type { Config } from './config.js';
import { connect, targetOf } from './connect.js';
import { createDeps } from './deps.js';
import type { Deps } from './deps.js';
import { runTogether, shutDown } from './run-together.js';

/** Cancellation reaches an activity with its next heartbeat; the default of a minute would be far too slow. */
const HEARTBEAT_THROTTLE = '5s';
/**
 * Steps of the jobs' own queue at once: plans, checks, verifications, reports. One job has up to 16 files in flight
 * (workflows/restore-files.ts): with slots for four such jobs the plan and the report of another do not wait behind somebody's large
 * files. A slot costs little: hashing has threads of its own, and what is hashed without them is smaller than a mebibyte.
 */
const STEPS_AT_ONCE = 64;
/** A step that ignores its cancellation must not hold up a deploy for ever. */
const FORCED_STOP = '30s';

export interface RunningWorker {
  /** Ends when the worker has been stopped; rejects where it failed. */
  readonly ended: Promise<void>;
  /** Hands over what is under way and stops. */
  readonly stop: () => Promise<void>;
}

/**
 * Connects and starts the two workers of a host: one for the jobs' steps, one with as many slots as transfers may run.
 * Throws one sentence where Temporal cannot be reached. `env` holds the variables that Temporal's own clients read.
 */
export async function startWorker(
  config: Config,
  bundle?: { readonly code: string },
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<RunningWorker> {
  const target = targetOf(config.environment, env);
  const connection = await connect(target);
  const deps = createDeps(config);
  const close = async (): Promise<void> => {
    await deps.close();
    await connection.close();
  };
  try {
    const options = { ...SHARED, connection, namespace: target.namespace };
    const workflowBundle = bundle ?? (await bundleWorkflows());
    const workers = await createWorkers(config.environment, deps, workflowBundle, options);
    const ended = runUntilClosed(workers, close);
    const stop = async (): Promise<void> => {
      shutDown(workers);
      await ended;
    };
    return { ended, stop };
  } catch (error) {
    // What is thrown says more than what closing would say of it.
    await close().catch(() => undefined);
    throw error;
  }
}

async function runUntilClosed(workers: readonly Worker[], close: () => Promise<void>): Promise<void> {
  try {
    await runTogether(workers);
  } finally {
    await close();
  }
}

const SHARED = {
  maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
  defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
  shutdownForceTime: FORCED_STOP,
} as const;

const createWorkers = (
  { STOWAGE_TASK_QUEUE: taskQueue, TRANSFER_SLOTS }: Environment,
  { restore, zip }: Deps,
  workflowBundle: { readonly code: string },
  options: Pick<WorkerOptions, 'connection' | 'namespace'>,
): Promise<readonly Worker[]> =>
  Promise.all([
    Worker.create({
      ...options,
      taskQueue,
      workflowBundle,
      activities: { ...createRestoreActivities(restore), ...createZipActivities(zip) },
      maxConcurrentActivityTaskExecutions: STEPS_AT_ONCE,
    }),
    Worker.create({
      ...options,
      taskQueue: transferQueue(taskQueue),
      activities: { ...createTransferActivities(restore), ...createZipTransferActivities(zip) },
      maxConcurrentActivityTaskExecutions: TRANSFER_SLOTS,
    }),
  ]);
