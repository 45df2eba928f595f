/** A TCP proxy before S3 that slows, cuts, stalls, corrupts or refuses when a test asks for it, and counts what passes. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `cut`, `stall` and `flip` (one bit) strike a body after `afterBytes` bytes from S3 have passed since the fault was injected or last
 * struck; `refuse` answers requests for bytes with 503.
 */
export interface Fault {
  readonly kind: 'cut' | 'stall' | 'flip' | 'refuse';
  readonly afterBytes?: number;
  readonly times?: number;
}

export interface FlakyProxy {
  readonly url: string;
  /** The range of each request for bytes, such as `bytes=0-99`, refused ones included. */
  readonly ranges: readonly string[];
  /** The kinds of requests that were made, such as GET. */
  readonly methods: ReadonlySet<string>;
  /** Bytes from S3 that reached the client. */
  bytesPassed(): number;
  /** Faults that have struck. */
  struck(): number;
  limit(bytesPerSecond: number): void;
  inject(fault: Fault): void;
  close(): Promise<void>;
}

/** Heads of answers come in small pieces: faults strike bodies only. */
const SMALLEST_BODY_PIECE = 4096;
const REFUSAL = 'HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** On a port of its own, or on a given one. */
export async function startFlakyProxy(target: string, givenPort = 0): Promise<FlakyProxy> {
  const { hostname, port } = new URL(target);
  const ranges: string[] = [];
  const methods = new Set<string>();
  const sockets = new Set<Socket>();
  let fault: Required<Fault> = { kind: 'refuse', afterBytes: 0, times: 0 };
  let [passed, armedAt, struck, rate, freeAtMs] = [0, 0, 0, Infinity, 0];

  const strikes = (...kinds: readonly Fault['kind'][]): boolean => {
    if (fault.times === 0 || !kinds.includes(fault.kind) || passed - armedAt < fault.afterBytes) return false;
    fault = { ...fault, times: fault.times - 1 };
    [armedAt, struck] = [passed, struck + 1];
    return true;
  };
  const fromClient = (client: Socket, upstream: Socket, chunk: Buffer): void => {
    const head = chunk.toString('latin1');
    const method = /^([A-Z]+) \S+ HTTP/.exec(head)?.[1];
    if (method !== undefined) methods.add(method);
    if (method !== 'GET') return void upstream.write(chunk);
    ranges.push(/^range: *(.*)$/im.exec(head)?.[1]?.trim() ?? '');
    if (strikes('refuse')) client.end(REFUSAL);
    else upstream.write(chunk);
  };
  const fromS3 = async (client: Socket, upstream: Socket, chunk: Buffer): Promise<void> => {
    if (chunk.length >= SMALLEST_BODY_PIECE && strikes('cut', 'stall', 'flip')) {
      if (fault.kind === 'cut') return void client.resetAndDestroy();
      if (fault.kind === 'stall') return void upstream.pause();
      chunk[chunk.length - 1] = (chunk.at(-1) ?? 0) ^ 1;
    }
    passed += chunk.length;
    upstream.pause();
    freeAtMs = Math.max(Date.now(), freeAtMs) + (chunk.length * 1000) / rate;
    const drained = client.write(chunk) || new Promise((resolve) => client.once('drain', resolve));
    await Promise.all([drained, sleep(freeAtMs - Date.now())]);
    upstream.resume();
  };

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => fromClient(client, upstream, chunk));
    upstream.on('data', (chunk: Buffer) => void fromS3(client, upstream, chunk));
  });
  await new Promise<void>((resolve) => server.listen(givenPort, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ranges,
    methods,
    bytesPassed: () => passed,
    struck: () => struck,
    limit: (bytesPerSecond) => void (rate = bytesPerSecond),
    inject: (next) => {
      fault = { afterBytes: 0, times: 1, ...next };
      armedAt = passed;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
