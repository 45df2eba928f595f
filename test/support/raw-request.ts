/** One HTTP request as it is told, also where it is no good one: nothing is encoded, normalised or repeated. */
import { request as httpRequest } from 'node:http';
import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface RawRequest {
  readonly method: string;
  /** As it goes out, query included. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False for an event stream, which is left after its first bytes. */
  readonly isWhole: boolean;
}

const PATIENCE_MS = 25_000;

/** Rejects where there is no answer in time. */
export function rawRequest(
  base: string,
  { method, path, headers, body }: RawRequest,
  agent: Agent,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(base);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return new Promise((resolve, reject) => {
    const length = body === null ? {} : { 'content-length': String(body.length) };
    const asked = { hostname, port, method, path, agent, signal, headers: { ...headers, ...length } };
    const request = httpRequest(asked, (response) => void read(response).then(resolve, reject));
    request.on('error', reject);
    request.end(body ?? undefined);
  });
}

async function read(response: IncomingMessage): Promise<RawAnswer> {
  const { statusCode: status = 0, headers } = response;
  const isStream = headers['content-type'] === 'text/event-stream';
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if (isStream) break;
  }
  return { status, headers, body: Buffer.concat(chunks), isWhole: !isStream };
}
