import type { FastifyReply } from 'fastify';

/** Aborted when the connection of an answer closes. (`request.signal` is aborted already when the body has been read.) */
export function leavingOf({ raw }: FastifyReply): AbortSignal {
  const leaving = new AbortController();
  if (raw.closed) leaving.abort();
  else raw.once('close', () => leaving.abort());
  return leaving.signal;
}

/** The same, or when the process stops. Not by AbortSignal.any: see waiting.ts. */
export function endOf(reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const end = new AbortController();
  const stop = (): void => end.abort();
  const leaving = leavingOf(reply);
  if (closing.aborted || leaving.aborted) stop();
  closing.addEventListener('abort', stop, { once: true, signal: leaving });
  leaving.addEventListener('abort', stop, { once: true });
  return end.signal;
}

/** A client that does not wait for the end of its answer: nginx's number, in logs and metrics only. */
const CLIENT_LEFT = 499;

/** What became of an answer, for `onResponse`. */
export const statusOf = ({ raw, statusCode }: FastifyReply): number =>
  raw.writableFinished ? statusCode : CLIENT_LEFT;
