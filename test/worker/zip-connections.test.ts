/** What happens where every connection to S3 is held by somebody who reads slowly. */
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createS3ObjectStore } from '../../activities/stores/s3-object-store.js';
import { createZipReader } from '../../worker/zip-reader.js';
import { startFaultyServer } from '../support/faulty-http-server.js';
import type { FaultyServer } from '../support/faulty-http-server.js';
import { until } from '../support/until.js';

const [ETAG, URI] = ['"0123-1"', 's3://zips/zips/1.zip'];
const BYTES = randomBytes(16_000_000);
const { signal } = new AbortController();
const IN_TIME_MS = 300;

let server: FaultyServer;
beforeEach(async () => {
  server = await startFaultyServer();
  server.serve(BYTES, ETAG);
});
afterEach(() => server.close());

test.each(['http', 'sdk'] as const)(
  'by %s: the next download is refused in time, and works afterwards',
  async (engine) => {
    const store = createS3ObjectStore({
      region: 'us-east-1',
      endpoint: server.endpoint,
      credentials: { accessKeyId: 'AKIDANYONE', secretAccessKey: 'neverToBeSeen' },
      stallTimeoutMs: 30_000,
      maxSockets: 1,
      engine,
    });
    const zips = createZipReader(store, store, IN_TIME_MS);
    const read = (): Promise<Readable> => zips.read(URI, ETAG, 0, BYTES.length, signal);
    const held = await read();
    held.on('error', () => {}).once('readable', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(read()).rejects.toMatchObject({ name: 'Problem', kind: 'unreachable' });
    held.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const next = await read();
    next.on('error', () => {}).destroy();
    await until('a body that was never read is let go', () => server.openSockets() === 0);
    store.close();
  },
);
