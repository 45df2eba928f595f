/** How slowly a client may take its download: whoever trickles holds a connection to S3 that others wait for. */
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

export interface Pace {
  readonly windowMs: number;
  /** To be taken in each window while there is more to take. */
  readonly leastBytes: number;
}

/** Some 9 KB/s. The window is that long because the system takes and gives up to some megabytes at once. */
export const PACE: Pace = { windowMs: 120_000, leastBytes: 1_048_576 };

/** Closes the connection of a client that is too slow; a new request with Range goes on. */
export function keepPace(body: Readable, answer: ServerResponse, { windowMs, leastBytes }: Pace): void {
  let before = bytesTaken(answer);
  const timer = setInterval(() => {
    const now = bytesTaken(answer);
    if (answer.writableNeedDrain && now - before < leastBytes) answer.destroy();
    before = now;
  }, windowMs);
  body.once('close', () => clearInterval(timer));
}

const bytesTaken = ({ socket }: ServerResponse): number =>
  (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
