/** An S3 look-alike over HTTP that answers ranges of one object as it should, except where a test wants it otherwise. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type HttpFault =
  | { readonly kind: 'cut' | 'stall'; readonly bytes: number }
  | {
      readonly kind:
        | 'reset'
        | 'silent'
        | 'whole'
        | 'wrong-place'
        | 'other-etag'
        | 'no-etag'
        | 'chunked'
        | 'chunked-short'
        | 'short';
    }
  | {
      readonly kind: 'refuse';
      readonly status: number;
      readonly code?: string;
      readonly retryAfter?: string;
    };

export interface FaultyServer {
  readonly endpoint: string;
  /** The object that is served under any name. */
  serve(bytes: Uint8Array, etag: string): void;
  /** What goes wrong with the n-th GET (from 0); undefined: nothing. */
  failWith(faultOf: (call: number, range: readonly [number, number]) => HttpFault | undefined): void;
  /** The ranges of all GETs so far. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Paths of all GETs so far, as they came over the wire, without the query. */
  readonly paths: readonly string[];
  /** Connections so far, and those that are open now. */
  socketsSeen(): number;
  openSockets(): number;
  close(): Promise<void>;
}

interface Served {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

export async function startFaultyServer(): Promise<FaultyServer> {
  let served: Served = { bytes: new Uint8Array(), etag: '"0"' };
  let faultOf: Parameters<FaultyServer['failWith']>[0] = () => undefined;
  const ranges: (readonly [number, number])[] = [];
  const paths: string[] = [];
  const sockets = new Set<Socket>();
  let socketsSeen = 0;
  const server = createServer((request, response) => {
    const range = rangeOf(request, served.bytes.length);
    ranges.push(range);
    paths.push((request.url ?? '').replace(/\?.*$/s, ''));
    answer(request, response, served, range, faultOf(ranges.length - 1, range));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socketsSeen += 1;
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve: (bytes, etag) => void (served = { bytes, etag }),
    failWith: (next) => void (faultOf = next),
    ranges,
    paths,
    socketsSeen: () => socketsSeen,
    openSockets: () => sockets.size,
    close: () => closeAll(server, sockets),
  };
}

async function closeAll(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
}

/** `[start, end)` as asked for. */
function rangeOf({ headers }: IncomingMessage, sizeBytes: number): readonly [number, number] {
  const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
  return match === null ? [0, sizeBytes] : [Number(match[1]), Number(match[2]) + 1];
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, etag }: Served,
  [start, end]: readonly [number, number],
  fault: HttpFault | undefined,
): void {
  if (fault?.kind === 'reset') return void request.socket.resetAndDestroy();
  if (fault?.kind === 'silent') return;
  if (fault?.kind === 'refuse') return refuse(response, fault.status, fault.code, fault.retryAfter);
  if (fault?.kind !== 'other-etag' && request.headers['if-match'] !== etag)
    return refuse(response, 412, 'PreconditionFailed');
  if (fault?.kind === 'whole')
    return void response.writeHead(200, { etag, 'content-length': bytes.length }).end(bytes);
  const place = fault?.kind === 'wrong-place' ? start + 1 : start;
  const body = bytes.subarray(place, Math.min(bytes.length, place + end - start));
  response.statusCode = 206;
  if (fault?.kind !== 'no-etag') response.setHeader('etag', fault?.kind === 'other-etag' ? '"other"' : etag);
  response.setHeader('content-range', `bytes ${place}-${place + end - start - 1}/${bytes.length}`);
  send(response, body, fault);
}

function send(response: ServerResponse, body: Uint8Array, fault: HttpFault | undefined): void {
  const sent = fault?.kind === 'short' || fault?.kind === 'chunked-short' ? body.subarray(0, -1) : body;
  const isChunked = fault?.kind === 'chunked' || fault?.kind === 'chunked-short';
  if (!isChunked) response.setHeader('content-length', sent.length);
  if (fault?.kind !== 'cut' && fault?.kind !== 'stall') return void response.end(sent);
  const then = fault.kind === 'cut' ? () => response.socket?.destroy() : undefined;
  response.write(sent.subarray(0, fault.bytes), then);
}

function refuse(response: ServerResponse, status: number, code?: string, retryAfter?: string): void {
  const xml = code === undefined ? '' : `<Error><Code>${code}</Code><Message>No &amp; no</Message></Error>`;
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  response.writeHead(status, { 'content-length': Buffer.byteLength(xml) }).end(xml);
}
