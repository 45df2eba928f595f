/**
 * The HTTP API (CONTRACT §3) as a Fastify app. It speaks to Temporal and S3 through the ports it is given and listens
 * nowhere: worker/api.ts makes a server of it, tests call `inject`.
 */
import { setMaxListeners } from 'node:events';
import rateLimit from '@fastify/rate-limit';
import Fastify, { LogController } from 'fastify';
import type { FastifyHttpOptions, FastifyInstance, RawServerDefault } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { Registry } from 'prom-client';
import { addAccept } from './accept.js';
import { addAuth } from './auth.js';
import type { ApiContext, ZodApp } from './context.js';
import { addEnvelope, requestId } from './envelope.js';
import { handleError } from './error-handler.js';
import { addHealth } from './health.js';
import { addJobDownload } from './job-download.js';
import { addJobEvents } from './job-events.js';
import { addJobReport } from './job-report.js';
import { addJobs } from './jobs.js';
import { addNotFound } from './methods.js';
import { addMetricsRoute, addTiming, createMetrics } from './metrics.js';
import { addDocs, addOpenApi } from './openapi.js';
import { createPlaces } from './places.js';
import type { ApiDeps } from './ports.js';
import { problem } from './problems.js';
import { addRestores } from './restores.js';
import { createJobSlots } from './slots.js';
import { addUnreadable, refuseAddress, refuseConnection } from './unreadable.js';
import { createWaiting } from './waiting.js';
import { addZips } from './zips.js';

const BODY_LIMIT_BYTES = 64 * 1024;
/** To send a whole request; a slower one holds a connection for nothing. */
const REQUEST_TIMEOUT_MS = 20_000;
const TIMEOUTS_CHECKED_EVERY_MS = 5000;
/** A client that takes nothing for so long, beyond the wait for a ZIP, is gone. */
const SILENCE_MS = 60_000;

/** Builds the app; `close` ends waiting requests with 202 and event streams at once. */
export function buildApi(deps: ApiDeps): FastifyInstance {
  const registry = deps.metrics ?? new Registry();
  const closing = new AbortController();
  // As many listen as requests wait.
  setMaxListeners(0, closing.signal);
  const app = Fastify(optionsOf(deps)).withTypeProvider<ZodTypeProvider>();
  app.addHook('preClose', async () => closing.abort());
  app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler(handleError);
  acceptJsonOnly(app);
  addEnvelope(app);
  addNotFound(app);
  addUnreadable(app);
  addOpenApi(app, VERSION);
  const context = contextOf(deps, registry, closing.signal);
  addTiming(app, context.metrics);
  app.register(async (open) => {
    addHealth(open, deps.checks);
    addMetricsRoute(open, registry);
    addDocs(open);
  });
  app.register(async (api) => addApi(api.withTypeProvider<ZodTypeProvider>(), context), {
    prefix: '/api/v1',
  });
  return app;
}

/** The version of the API, as in its addresses. */
const VERSION = '1.0.0';

function optionsOf({ log, settings }: ApiDeps): FastifyHttpOptions<RawServerDefault> {
  return {
    ...(log === undefined ? { logger: false } : { loggerInstance: log }),
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: requestId,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: settings.zipWaitMs + SILENCE_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUTS_CHECKED_EVERY_MS },
    frameworkErrors: refuseAddress,
    clientErrorHandler: refuseConnection,
    exposeHeadRoutes: false,
  };
}

/** An empty body counts as none, whatever its type; every other type is 415. */
function acceptJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null, undefined) : parse(request, body as string, done),
  );
}

const contextOf = (deps: ApiDeps, registry: Registry, closing: AbortSignal): ApiContext => ({
  ...deps,
  closing,
  metrics: createMetrics(registry),
  slots: createJobSlots(deps.jobs, deps.settings.jobsPerUser, deps.nowMs),
  waiting: createWaiting(deps.jobs, closing),
  downloads: createPlaces(deps.settings.downloadsPerUser, 'too-many-downloads'),
  streams: createPlaces(deps.settings.streamsPerUser, 'too-many-streams'),
});

/** Everything that needs a token. */
async function addApi(api: ZodApp, context: ApiContext): Promise<void> {
  const { settings } = context;
  addAuth(api, settings);
  addAccept(api);
  await api.register(rateLimit, {
    max: settings.ratePerMinute,
    timeWindow: '1 minute',
    keyGenerator: ({ principal }) => JSON.stringify([principal.workspace, principal.user]),
    errorResponseBuilder: () => problem('too-many-requests'),
  });
  for (const add of [addZips, addRestores, addJobs, addJobEvents, addJobDownload, addJobReport])
    add(api, context);
}
