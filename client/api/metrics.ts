/** What is counted (Prometheus). Labels hold no ids: they would be as many as there are users. */
import type { FastifyInstance } from 'fastify';
import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { FAILURES } from '../../core/failures.js';
import { MEBIBYTE } from '../../core/units.js';
import type { ZipEnding } from '../job.js';
import { statusOf } from './leaving.js';

export interface ApiMetrics {
  /** A request for a ZIP was answered. */
  readonly answered: (status: number) => void;
  readonly filesAsked: (count: number) => void;
  /** A ZIP job that this process started has ended, whether somebody still waits for it or not. */
  readonly ended: (ending: ZipEnding, elapsedMs: number) => void;
  /** Any request was answered; `route` is a pattern. */
  readonly timed: (request: TimedRequest, elapsedMs: number) => void;
}

export interface TimedRequest {
  readonly method: string;
  readonly route: string;
  readonly code: string;
}

/** Registers the metrics. */
export function createMetrics(registry: Registry): ApiMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'zip_requests_total',
    help: 'Answers to requests for a ZIP',
    labelNames: ['code'],
    registers,
  });
  const tooLarge = new Counter({
    name: 'zip_size_limit_rejections_total',
    help: 'Requests refused with 413',
    registers,
  });
  const notFound = new Counter({ name: 'zip_not_found_total', help: 'Requests refused with 404', registers });
  const files = new Histogram({
    name: 'zip_files_per_request',
    help: 'Attachments asked for',
    buckets: [1, 2, 5, 10, 20, 30, 50],
    registers,
  });
  const built = builtMetrics(registry);
  return {
    answered: (status) => {
      requests.inc({ code: String(status) });
      if (status === 413) tooLarge.inc();
      if (status === 404) notFound.inc();
    },
    filesAsked: (count) => files.observe(count),
    ended: (ending, elapsedMs) => {
      built.jobs.inc({ outcome: ending.kind, type: typeOf(ending) });
      built.seconds.observe({ outcome: ending.kind }, elapsedMs / 1000);
      if (ending.kind === 'completed') built.bytes.observe(ending.result.size_bytes);
    },
    timed: timing(registry),
  };
}

/** A failure's type, as far as there is one that we know: strange ones must not become labels. */
function typeOf(ending: ZipEnding): string {
  if (ending.kind === 'completed' || ending.kind === 'cancelled') return 'none';
  return ending.kind === 'failed' && Object.hasOwn(FAILURES, ending.type) ? ending.type : 'other';
}

function timing(registry: Registry): ApiMetrics['timed'] {
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From a request to the end of its answer, by the pattern of its route',
    labelNames: ['method', 'route', 'code'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120],
    registers: [registry],
  });
  return ({ method, route, code }, elapsedMs) => seconds.observe({ method, route, code }, elapsedMs / 1000);
}

/** Must be called before the routes that are timed. */
export function addTiming(app: FastifyInstance, { timed }: ApiMetrics): void {
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    const route = routeOptions.url ?? 'unknown';
    timed({ method, route, code: String(statusOf(reply)) }, reply.elapsedTime);
  });
}

function builtMetrics(registry: Registry) {
  const registers = [registry];
  const seconds = new Histogram({
    name: 'zip_build_duration_seconds',
    help: 'From the start of a ZIP job to its end',
    labelNames: ['outcome'],
    buckets: [0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300],
    registers,
  });
  const jobs = new Counter({
    name: 'zip_jobs_total',
    help: 'ZIP jobs that have ended, those whose request was answered with 202 included',
    labelNames: ['outcome', 'type'],
    registers,
  });
  const bytes = new Histogram({
    name: 'zip_bytes',
    help: 'Size of finished ZIPs',
    buckets: [0.1, 0.5, 1, 5, 10, 25, 50, 100, 200].map((size) => size * MEBIBYTE),
    registers,
  });
  return { seconds, jobs, bytes };
}

/** GET /metrics */
export function addMetricsRoute(app: FastifyInstance, registry: Registry): void {
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
