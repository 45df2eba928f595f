/**
 * Requests over a real connection. Fastify's own `inject` would do, but it requires an ES module, which jest on Node 20 cannot.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { afterEach } from '@jest/globals';
import type { FastifyInstance } from 'fastify';

export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text goes out as it is, anything else as JSON. */
  readonly payload?: unknown;
}

export interface Answer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly rawPayload: Buffer;
  json<T = unknown>(): T;
}

const listening = new Map<FastifyInstance, Promise<string>>();

afterEach(async () => {
  await Promise.all([...listening.keys()].map((app) => app.close()));
  listening.clear();
});

/** The port of an app that listens until the test is over. */
export async function portOf(app: FastifyInstance): Promise<number> {
  const address = listening.get(app) ?? app.listen({ port: 0, host: '127.0.0.1' });
  listening.set(app, address);
  return Number(new URL(await address).port);
}

/** Sends and does not wait. */
export async function begin(app: FastifyInstance, { method, url, headers = {}, payload }: Sent) {
  const port = await portOf(app);
  const type = payload === undefined ? {} : { 'content-type': 'application/json' };
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    path: url,
    method,
    agent: false,
    headers: { ...type, ...headers },
  });
  request.on('error', () => {});
  request.end(payload === undefined || typeof payload === 'string' ? payload : JSON.stringify(payload));
  return request;
}

/** Sends and waits for the whole answer. */
export async function send(app: FastifyInstance, sent: Sent): Promise<Answer> {
  const request = await begin(app, sent);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const rawPayload = await buffer(response);
  const body = rawPayload.toString('utf8');
  return {
    statusCode: response.statusCode ?? 0,
    headers: response.headers,
    body,
    rawPayload,
    json: <T>() => JSON.parse(body) as T,
  };
}

/** Sends bytes that need not be HTTP, and takes all that comes back until the connection closes. */
export async function sendText(app: FastifyInstance, bytes: string) {
  const socket = connect(await portOf(app), '127.0.0.1');
  socket.write(Buffer.from(bytes.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'), 'latin1'));
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return { head, body };
}
