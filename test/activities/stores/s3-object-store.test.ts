import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectStore, PinnedObject } from '../../../activities/ports.js';
import { archivedAs } from '../../../activities/stores/s3-head.js';
import { createS3ObjectStore } from '../../../activities/stores/s3-object-store.js';
import { startFaultyServer, type FaultyServer } from '../../support/faulty-http-server.js';
import { failureOf } from '../../support/object-store-suite.js';

const STALL_MS = 500;
const bytes = randomBytes(3_000_000);
const object: PinnedObject = { bucket: 'any-bucket', key: 'any.bin', etag: '"0123-1"' };
const credentials = { accessKeyId: 'AKIDANYONE', secretAccessKey: 'neverToBeSeen' };
const never = new AbortController().signal;

describe.each(['http', 'sdk'] as const)('ranges by %s', (engine) => {
  let server: FaultyServer;
  let store: ObjectStore & { close(): void };

  beforeEach(async () => {
    server = await startFaultyServer();
    server.serve(bytes, object.etag);
    const { endpoint } = server;
    const common = { region: 'us-east-1', endpoint, credentials, stallTimeoutMs: STALL_MS, maxSockets: 2 };
    store = createS3ObjectStore({ ...common, engine });
  });
  afterEach(async () => {
    store.close();
    await server.close();
  });
  const read = (start: number, end: number, from = object): Promise<Readable> =>
    store.readRange(from, start, end, never);

  test.each(['a/../b.raw', './x', 'a//b', '/front', 'ä €.raw', "p%20l+u s?q#f&='()*!~.d/x"])(
    'the key %s goes out as it is, character by character',
    async (key) => {
      await buffer(await read(0, 10, { ...object, key }));
      expect(decodeURIComponent(server.paths[0] ?? '')).toBe(`/any-bucket/${key}`);
    },
  );

  // With the SDK these end as `unavailable`, and the range is fetched again (range-over-sdk.ts).
  if (engine === 'http') {
    test('a reader that takes its time is not a stalled server', async () => {
      const body = await read(0, bytes.length);
      const chunks: Buffer[] = [];
      for await (const chunk of body as AsyncIterable<Buffer>) {
        if (chunks.length === 0) await sleep(STALL_MS * 2);
        chunks.push(chunk);
      }
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    });

    test('a connection that the server closed while it was idle costs nothing', async () => {
      await buffer(await read(0, 10));
      server.failWith((call) => (call === 1 ? { kind: 'reset' } : undefined));
      expect((await buffer(await read(10, 20))).equals(bytes.subarray(10, 20))).toBe(true);
    });
  }

  test('one connection after the other is used again', async () => {
    for (let at = 0; at < 20; at += 1) await buffer(await read(at * 1000, at * 1000 + 70_000));
    expect(server.socketsSeen()).toBe(1);
  });

  test('connections are used again after refusals too, and given up with bodies that nobody reads', async () => {
    server.failWith((call) => (call % 2 === 0 ? { kind: 'refuse', status: 412 } : undefined));
    for (let at = 0; at < 5; at += 1) {
      expect(await failureOf(read(0, 10))).toMatchObject({ code: 'changed' });
      await buffer(await read(0, 10));
    }
    expect(server.socketsSeen()).toBe(1);
    server.failWith(() => undefined);
    const bodies = [await read(0, bytes.length), await read(0, bytes.length)];
    for (const body of bodies) body.destroy();
    await sleep(20);
    expect((await buffer(await read(0, 10))).length).toBe(10);
    expect(server.openSockets()).toBe(1);
  });

  test('a problem says what was wanted, what was found and where, and nothing secret', async () => {
    server.failWith(() => ({ kind: 'refuse', status: 403, code: 'AccessDenied' }));
    const { message } = (await failureOf(read(5, 10))) as Error;
    expect(message).toBe(
      `s3://any-bucket/any.bin bytes 5-9: access denied (HTTP 403 AccessDenied from ${server.endpoint})`,
    );
  });

  test.each([
    ['7', 7000],
    ['soon', null],
  ])('Retry-After: %s is passed on as %s ms', async (retryAfter, retryAfterMs) => {
    server.failWith(() => ({ kind: 'refuse', status: 429, retryAfter }));
    expect(await failureOf(read(0, 10))).toMatchObject({ code: 'unavailable', retryAfterMs });
  });

  test('Retry-After may be a date', async () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString();
    server.failWith(() => ({ kind: 'refuse', status: 503, retryAfter: inAMinute }));
    const { retryAfterMs } = (await failureOf(read(0, 10))) as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test('a server that says nothing is unavailable after the stall time, not before and not for ever', async () => {
    server.failWith(() => ({ kind: 'silent' }));
    const startedMs = Date.now();
    expect(await failureOf(read(0, 10))).toMatchObject({ code: 'unavailable' });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(STALL_MS - 5);
  });
});

describe('an archived object', () => {
  test.each([
    [{ StorageClass: 'GLACIER' }, 'GLACIER'],
    [{ StorageClass: 'DEEP_ARCHIVE' }, 'DEEP_ARCHIVE'],
    [{ StorageClass: 'GLACIER', Restore: 'ongoing-request="true"' }, 'GLACIER'],
    [
      {
        StorageClass: 'GLACIER',
        Restore: 'ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"',
      },
      null,
    ],
    [{ StorageClass: 'INTELLIGENT_TIERING', ArchiveStatus: 'ARCHIVE_ACCESS' }, 'INTELLIGENT_TIERING'],
    [{ StorageClass: 'INTELLIGENT_TIERING' }, null],
    [{ StorageClass: 'GLACIER_IR' }, null],
    [{}, null],
  ] as const)('is told from its head: %j → %s', (head, expected) => {
    expect(archivedAs(head)).toBe(expected);
  });
});
