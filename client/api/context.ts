/** What the resources share: the ports, and what is made of them once for each app. */
import type { FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { ApiMetrics } from './metrics.js';
import type { Places } from './places.js';
import type { ApiDeps } from './ports.js';
import type { JobSlots } from './slots.js';
import type { Waiting } from './waiting.js';

export interface ApiContext extends Omit<ApiDeps, 'metrics' | 'log'> {
  readonly metrics: ApiMetrics;
  readonly slots: JobSlots;
  readonly waiting: Waiting;
  readonly downloads: Places;
  readonly streams: Places;
  /** Aborted when the process stops. */
  readonly closing: AbortSignal;
}

/** An app whose schemas are zod's. */
export type ZodApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Where a job is to be looked at. */
export const jobUrl = (id: string): string => `/api/v1/jobs/${encodeURIComponent(id)}`;
