/** Requests that never reach a route: their address cannot be read, they are no HTTP, too large, or too slow. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import type { ConnectionError, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { envelopeHeaders } from './envelope.js';
import { handleError } from './error-handler.js';
import type { ProblemCode } from './problems.js';
import { PROBLEMS, problemDocument } from './problems.js';

/** For `frameworkErrors`, before which no hook runs. */
export function refuseAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(envelopeHeaders(request.id));
  void handleError(error, request, reply);
  const line = { request_id: request.id, method: request.method, route: 'unknown', status: reply.statusCode };
  request.log.warn(line, 'refused');
}

const lastAnswers = new WeakMap<Socket, ServerResponse>();

/** Remembers which answer a connection is busy with. */
export function addUnreadable(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw: { socket } }, { raw }) => void lastAnswers.set(socket, raw));
}

const OF_NODE: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
};

/** For `clientErrorHandler`: Node has no request to answer, only a connection. */
export function refuseConnection(this: FastifyInstance, error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [id, code] = [randomUUID(), OF_NODE[error.code] ?? 'bad-request'];
  if (socket.writable && !isAnswering(socket)) socket.write(answerText(code, id));
  socket.destroy(error);
  this.log.info({ request_id: id, route: 'unknown', status: PROBLEMS[code].status }, 'refused');
}

/** In the middle of an answer another one would be taken for a part of it. */
function isAnswering(socket: Socket): boolean {
  const answer = lastAnswers.get(socket);
  return answer !== undefined && answer.headersSent && !answer.writableFinished;
}

function answerText(code: ProblemCode, id: string): string {
  const body = JSON.stringify(problemDocument({ code }, id));
  const headers = {
    ...envelopeHeaders(id),
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const { status, title } = PROBLEMS[code];
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${title}`, ...lines, '', body].join('\r\n');
}
