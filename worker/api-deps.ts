/** From settings to what the HTTP API needs of the world. */
import { Registry, collectDefaultMetrics } from 'prom-client';
import { createS3ObjectStore } from '../activities/stores/s3-object-store.js';
import { probeS3 } from '../activities/stores/probe-s3.js';
import { PACE } from '../client/api/pace.js';
import type { ApiDeps, ApiSettings } from '../client/api/ports.js';
import type { Jobs } from '../client/job.js';
import type { Parsed } from '../core/input.js';
import { DEFAULT_REGION } from '../core/settings.js';
import type { Environment } from '../core/settings.js';
import { createZipReader } from './zip-reader.js';

// As in deps.ts: the SDK's version is pinned, and its warning about versions to come is not for operators.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** Downloads at a time; more wait for a connection, but not long (zip-reader.ts). */
const DOWNLOADS = 64;
/** Heads have their own connections: whether there is a ZIP can be told while all others are taken. */
const HEADS = 16;
const PROBE_TIMEOUT_MS = 4000;
const EVENTS = { pollMs: 1000, heartbeatMs: 15_000 } as const;

/** What the API cannot do without, one mistake a line. */
export function apiSettings(environment: Environment): Parsed<ApiSettings> {
  const { JWT_SECRET, JWT_JWKS_URL } = environment;
  const mistakes = [
    ...(JWT_SECRET === undefined && JWT_JWKS_URL === undefined
      ? ['JWT_SECRET: expected the secret of the tokens (HS256), or JWT_JWKS_URL; neither is set']
      : []),
    ...(environment.STOWAGE_ZIP_BUCKET === undefined
      ? ['STOWAGE_ZIP_BUCKET: expected the bucket of finished ZIPs; it is not set']
      : []),
  ];
  if (mistakes.length > 0) return { ok: false, message: mistakes.join('\n') };
  return { ok: true, value: settingsOf(environment) };
}

const settingsOf = (environment: Environment): ApiSettings => ({
  jwtSecret: environment.JWT_SECRET ?? null,
  jwksUrl: environment.JWT_JWKS_URL ?? null,
  issuer: environment.JWT_ISSUER ?? null,
  audience: environment.JWT_AUDIENCE ?? null,
  cookie: environment.JWT_COOKIE ?? null,
  zipMaxFiles: environment.ZIP_MAX_FILES,
  zipTtlMs: environment.ZIP_TTL,
  zipWaitMs: environment.ZIP_WAIT,
  ratePerMinute: environment.API_RATE_PER_MINUTE,
  jobsPerUser: environment.API_JOBS_PER_USER,
  downloadsPerUser: environment.API_DOWNLOADS_PER_USER,
  streamsPerUser: environment.API_STREAMS_PER_USER,
  events: EVENTS,
  pace: PACE,
});

/** The real things; `close` lets them go. */
export function createApiDeps(
  environment: Environment,
  settings: ApiSettings,
  jobs: Jobs,
): ApiDeps & { readonly close: () => Promise<void> } {
  const { AWS_REGION: region = DEFAULT_REGION, AWS_ENDPOINT_URL_S3: endpoint } = environment;
  const storeOf = (maxSockets: number) =>
    createS3ObjectStore({
      region,
      engine: environment.TRANSFER_ENGINE,
      stallTimeoutMs: environment.TRANSFER_STALL_TIMEOUT,
      maxSockets,
      ...(endpoint === undefined ? {} : { endpoint }),
    });
  const [bodies, heads] = [storeOf(DOWNLOADS), storeOf(HEADS)];
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const checks = {
    // Temporal answers, whatever it says of workers.
    temporal: async () => void (await jobs.isWorkerListening()),
    worker: () => jobs.isWorkerListening(),
    s3: () => checkBucket(region, endpoint ?? null, environment.STOWAGE_ZIP_BUCKET ?? null),
  };
  const close = async (): Promise<void> => {
    bodies.close();
    heads.close();
    await jobs.close();
  };
  const zips = createZipReader(bodies, heads);
  return { jobs, zips, settings, checks, metrics, nowMs: () => Date.now(), close };
}

async function checkBucket(region: string, endpoint: string | null, bucket: string | null): Promise<void> {
  const answer = await probeS3({ region, endpoint, bucket, timeoutMs: PROBE_TIMEOUT_MS });
  if (answer.kind !== 'answers' || (bucket !== null && answer.bucket !== 'there'))
    throw new Error(`S3: ${answer.kind === 'answers' ? `the bucket is ${answer.bucket}` : answer.kind}`);
}
