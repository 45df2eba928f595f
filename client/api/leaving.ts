import type { FastifyReply } from 'fastify';

/** Aborted when the connection of an answer closes. (`request.signal` is aborted already when the body has been read.) */
export function leavingOf({ raw }: FastifyReply): AbortSignal {
  const leaving = new AbortController();
  raw.once('close', () => leaving.abort());
  return leaving.signal;
}
