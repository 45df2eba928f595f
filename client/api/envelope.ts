/** What is around every request and answer: its id, the headers that keep browsers careful, and one line in the log. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { statusOf } from './leaving.js';

const SAFE_ID = /^[\w.:-]{1,128}$/;

/** The caller's own id where it is harmless in a log, else a new one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SAFE_ID.test(given) ? given : randomUUID();
}

const CAREFUL = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  // Health information is in the files, and who asks for what is nobody else's business.
  'cache-control': 'no-store, private',
} as const;

/** The headers of every answer. */
export const envelopeHeaders = (id: string): Readonly<Record<string, string>> => ({
  ...CAREFUL,
  'x-request-id': id,
});

/** Registers the hooks. */
export function addEnvelope(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(envelopeHeaders(request.id));
  });
  // The pattern of the route instead of the address: a token does not belong there, but people put it there.
  app.addHook('onResponse', async ({ id, method, routeOptions, principal, log }, reply) => {
    const status = statusOf(reply);
    const line = {
      request_id: id,
      method,
      route: routeOptions.url ?? 'unknown',
      status,
      elapsed_ms: Math.round(reply.elapsedTime),
      user: principal?.user,
    };
    if (status >= 400) log.warn(line, 'refused');
    else log.info(line, 'answered');
  });
}
