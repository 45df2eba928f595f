/** What is counted (Prometheus). Labels hold no ids: they would be as many as there are users. */
import type { FastifyInstance } from 'fastify';
import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { MEBIBYTE } from '../../core/units.js';
import type { ZipEnding } from '../job.js';

export interface ApiMetrics {
  /** A request for a ZIP was answered. */
  readonly answered: (status: number) => void;
  readonly filesAsked: (count: number) => void;
  /** A ZIP job that this process started has ended. */
  readonly ended: (ending: ZipEnding, elapsedMs: number) => void;
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
      built.seconds.observe({ outcome: ending.kind }, elapsedMs / 1000);
      if (ending.kind === 'completed') built.bytes.observe(ending.result.size_bytes);
    },
  };
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
  const bytes = new Histogram({
    name: 'zip_bytes',
    help: 'Size of finished ZIPs',
    buckets: [0.1, 0.5, 1, 5, 10, 25, 50, 100, 200].map((size) => size * MEBIBYTE),
    registers,
  });
  return { seconds, bytes };
}

/** GET /metrics */
export function addMetricsRoute(app: FastifyInstance, registry: Registry): void {
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
