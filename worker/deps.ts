/** What the activities need, made of real things: the one place that knows which stands behind each port. */
import { availableParallelism } from 'node:os';
import { getClient } from '@temporalio/activity';
import type { RestoreDeps } from '../activities/deps.js';
import { createHashPool } from '../activities/hashing.js';
import { createMongoAttachments } from '../activities/stores/mongo-attachments.js';
import { createMongoRawFiles } from '../activities/stores/mongo-raw-files.js';
import { createS3ObjectStore, type S3ObjectStoreOptions } from '../activities/stores/s3-object-store.js';
import { createS3ZipStore } from '../activities/stores/s3-zip-store.js';
import { pause } from '../activities/back-off.js';
import type { ZipDeps } from '../activities/zip-deps.js';
import type { JobLimits } from '../core/contract.js';
import { DEFAULT_REGION } from '../core/settings.js';
import type { Config } from './config.js';
import { tellJob } from './tell-job.js';

// The SDK's version is pinned and runs on Node 20; its warning about versions to come is not for operators.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

export interface Deps {
  readonly restore: RestoreDeps;
  readonly zip: ZipDeps;
  readonly close: () => Promise<void>;
}

/** `close` lets them go. */
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
      standingOf: async (workflowId) => {
        const { status } = await getClient().workflow.getHandle(workflowId).describe();
        return status.name === 'RUNNING' ? 'running' : status.name === 'TIMED_OUT' ? 'timed-out' : 'ended';
      },
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
    region: environment.AWS_REGION ?? settings.region ?? DEFAULT_REGION,
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
