/** From settings to a running worker: the one place that knows which real thing stands behind each port. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { getClient } from '@temporalio/activity';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { RestoreDeps } from '../activities/deps.js';
import { createHashPool } from '../activities/hashing.js';
import { createRestoreActivities, createTransferActivities } from '../activities/index.js';
import { createMongoAttachments } from '../activities/stores/mongo-attachments.js';
import { createMongoRawFiles } from '../activities/stores/mongo-raw-files.js';
import { createS3ObjectStore, type S3ObjectStoreOptions } from '../activities/stores/s3-object-store.js';
import { createS3ZipStore } from '../activities/stores/s3-zip-store.js';
import { pause } from '../activities/transfer-range.js';
import { createZipActivities, createZipTransferActivities } from '../activities/zip-activities.js';
import type { ZipDeps } from '../activities/zip-deps.js';
import { transferQueue } from '../core/contract.js';
import type { JobLimits } from '../core/contract.js';
import type { Config } from './config.js';
import { tellJob } from './tell-job.js';

// The SDK's version is pinned and runs on Node 20; its warning about versions to come is not for operators.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** Cancellation reaches an activity with its next heartbeat; the default of a minute would be far too slow. */
const HEARTBEAT_THROTTLE = '5s';
/** Steps of a job's own queue at once: checks, verifications, reports. */
const STEPS_AT_ONCE = 16;
/** A step that ignores its cancellation must not hold up a deploy for ever. */
const FORCED_STOP = '30s';

export interface RunningWorker {
  /** Ends when the worker has been stopped; rejects where it failed. */
  readonly ended: Promise<void>;
  /** Hands over what is under way and stops. */
  readonly stop: () => Promise<void>;
}

/** Bundles the workflows of this build: about two seconds, so tests do it once. */
export const bundleWorkflows = (): Promise<WorkflowBundleWithSourceMap> =>
  bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../workflows/index.js', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });

export interface Deps {
  readonly restore: RestoreDeps;
  readonly zip: ZipDeps;
  readonly close: () => Promise<void>;
}

/** What the activities need, made of real things; `close` lets them go. */
export function createDeps(config: Config): Deps {
  const { environment, settings } = config;
  const store = createS3ObjectStore(s3OptionsOf(config));
  const rawFiles = createMongoRawFiles({ uri: environment.MONGODB_URI, database: environment.MONGODB_DB });
  const hashes = createHashPool({ threads: Math.min(4, availableParallelism()) });
  const limits = limitsOf(config);
  const parallelParts = environment.TRANSFER_PARALLEL_PARTS;
  const nowMs = (): number => Date.now();
  const shared = { store, limits, parallelParts, nowMs };
  const zip = createZipDeps(config, shared);
  return {
    restore: {
      ...shared,
      rawFiles,
      hashes,
      settings,
      tell: tellJob(),
      isRunning: async (workflowId) =>
        (await getClient().workflow.getHandle(workflowId).describe()).status.name === 'RUNNING',
    },
    zip: zip.deps,
    close: async () => {
      store.close();
      await Promise.all([rawFiles.close(), hashes.close(), zip.close()]);
    },
  };
}

function s3OptionsOf({ environment, settings }: Config): S3ObjectStoreOptions {
  const { TRANSFER_SLOTS, TRANSFER_PARALLEL_PARTS, AWS_ENDPOINT_URL_S3: endpoint } = environment;
  return {
    region: environment.AWS_REGION ?? settings.region ?? 'us-east-1',
    engine: environment.TRANSFER_ENGINE,
    stallTimeoutMs: environment.TRANSFER_STALL_TIMEOUT,
    maxSockets: TRANSFER_SLOTS * Math.max(16, TRANSFER_PARALLEL_PARTS),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

const limitsOf = ({ environment }: Config): JobLimits => ({
  timeoutMs: environment.RESTORE_TIMEOUT,
  retries: environment.RESTORE_RETRIES,
  retryDelayMs: environment.RESTORE_RETRY_DELAY,
});

/** A bucket that is not set fails a job that needs it, not the worker. */
function createZipDeps(
  config: Config,
  shared: Pick<ZipDeps, 'store' | 'limits' | 'parallelParts' | 'nowMs'>,
): { readonly deps: ZipDeps; readonly close: () => Promise<void> } {
  const { environment } = config;
  const zips = createS3ZipStore(s3OptionsOf(config));
  const attachments = createMongoAttachments({
    uri: environment.MONGODB_URI,
    database: environment.STOWAGE_ZIP_DB,
  });
  const settings = {
    attachmentsBucket: environment.STOWAGE_ATTACHMENTS_BUCKET ?? null,
    zipBucket: environment.STOWAGE_ZIP_BUCKET ?? null,
    maxBytes: environment.ZIP_MAX_BYTES,
    maxFiles: environment.ZIP_MAX_FILES,
    ttlMs: environment.ZIP_TTL,
  };
  const close = async (): Promise<void> => {
    zips.close();
    await attachments.close();
  };
  return { deps: { ...shared, zips, attachments, settings, pause, tell: tellJob() }, close };
}

/**
 * Connects and starts the two workers of a host: one for the jobs' steps, one with as many slots as transfers may run.
 * Throws one sentence where Temporal cannot be reached.
 */
export async function startWorker(
  config: Config,
  bundle?: { readonly code: string },
): Promise<RunningWorker> {
  const { environment } = config;
  const { connection, namespace } = await connect(environment);
  const deps = createDeps(config);
  const shared = {
    connection,
    namespace,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    shutdownForceTime: FORCED_STOP,
  } as const;
  const [steps, transfers] = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: environment.STOWAGE_TASK_QUEUE,
      workflowBundle: bundle ?? (await bundleWorkflows()),
      activities: { ...createRestoreActivities(deps.restore), ...createZipActivities(deps.zip) },
      maxConcurrentActivityTaskExecutions: STEPS_AT_ONCE,
    }),
    Worker.create({
      ...shared,
      taskQueue: transferQueue(environment.STOWAGE_TASK_QUEUE),
      activities: {
        ...createTransferActivities(deps.restore),
        ...createZipTransferActivities(deps.zip),
      },
      maxConcurrentActivityTaskExecutions: environment.TRANSFER_SLOTS,
    }),
  ]);
  const ended = Promise.all([steps.run(), transfers.run()]).then(async () => {
    await deps.close();
    await connection.close();
  });
  const stop = async (): Promise<void> => {
    for (const worker of [steps, transfers]) if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
  };
  return { ended, stop };
}

/** The same variables and profiles as the `temporal` command reads. */
async function connect({
  TEMPORAL_ADDRESS,
  TEMPORAL_NAMESPACE,
}: Config['environment']): Promise<{ readonly connection: NativeConnection; readonly namespace: string }> {
  const { connectionOptions, namespace = TEMPORAL_NAMESPACE } = loadClientConnectConfig();
  const { address = TEMPORAL_ADDRESS } = connectionOptions;
  try {
    return { connection: await NativeConnection.connect({ ...connectionOptions, address }), namespace };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(
      `Temporal does not answer at ${address} (TEMPORAL_ADDRESS): ${reason}. ` +
        'Start it ("stowage dev" starts one here) or set the variable.',
      { cause: error },
    );
  }
}
