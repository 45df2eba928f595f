import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '../../activities/ports.js';
import { createS3ObjectStore } from '../../activities/stores/s3-object-store.js';
import { fetchToFile, type TransferResult } from '../../activities/transfer.js';
import type { Pause } from '../../activities/back-off.js';
import { startFaultyServer, type FaultyServer, type HttpFault } from '../support/faulty-http-server.js';
import { failureOf } from '../support/object-store-suite.js';

const MIB = 1024 * 1024;
const RANGE_BYTES = 8 * MIB;
const STALL_MS = 200;
const bytes = randomBytes(3 * RANGE_BYTES + 1234);
const etag = `"${createHash('md5').update(bytes).digest('hex')}-4"`;
const credentials = { accessKeyId: 'anyone', secretAccessKey: 'anything' };

describe.each(['http', 'sdk'] as const)('a transfer by %s from a server with faults', (engine) => {
  let server: FaultyServer;
  let store: ObjectStore & { close(): void };
  let folder: string;

  beforeEach(async () => {
    server = await startFaultyServer();
    server.serve(bytes, etag);
    folder = await mkdtemp(join(tmpdir(), 'stowage-transfer-'));
    const { endpoint } = server;
    const common = { region: 'us-east-1', endpoint, credentials, stallTimeoutMs: STALL_MS, maxSockets: 8 };
    store = createS3ObjectStore({ ...common, engine });
  });
  afterEach(async () => {
    store.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  const fetch = (
    signal = new AbortController().signal,
    pause: Pause = async () => {},
  ): Promise<TransferResult> => {
    const object = { bucket: 'any-bucket', key: 'any.bin', etag };
    const paths = { path: join(folder, 'part'), journalPath: join(folder, 'journal') };
    const request = {
      object,
      sizeBytes: bytes.length,
      partSizeBytes: RANGE_BYTES,
      ...paths,
      parallelParts: 2,
    };
    return fetchToFile(store, request, { signal, onProgress: () => {}, pause });
  };
  const isRight = async (): Promise<boolean> => (await readFile(join(folder, 'part'))).equals(bytes);
  /** The fault with the first request of the second range only. */
  const once = (fault: HttpFault): void => {
    let isDone = false;
    server.failWith((_, [start]) => {
      if (start !== RANGE_BYTES || isDone) return undefined;
      isDone = true;
      return fault;
    });
  };
  const bytesAsked = (): number => server.ranges.reduce((sum, [start, end]) => sum + end - start, 0);

  test.each<HttpFault>([
    { kind: 'cut', bytes: 0 },
    { kind: 'cut', bytes: 3 * MIB + 77 },
    { kind: 'stall', bytes: 0 },
    { kind: 'stall', bytes: 5 * MIB + 1 },
    { kind: 'reset' },
    { kind: 'silent' },
    { kind: 'short' },
    { kind: 'chunked' },
    { kind: 'chunked-short' },
    { kind: 'whole' },
    { kind: 'wrong-place' },
    { kind: 'no-etag' },
    { kind: 'refuse', status: 500, code: 'InternalError' },
    { kind: 'refuse', status: 503, code: 'SlowDown' },
    { kind: 'refuse', status: 503 },
    { kind: 'refuse', status: 429, retryAfter: '0' },
  ])('right bytes in spite of one fault: %j', async (fault) => {
    once(fault);
    expect(await fetch()).toEqual({ bytesFetched: bytes.length, bytesReused: 0 });
    expect(await isRight()).toBe(true);
  });

  test('a broken range is fetched again from where it broke, not the whole file', async () => {
    once({ kind: 'cut', bytes: 6 * MIB });
    await fetch();
    expect(await isRight()).toBe(true);
    const asked = server.ranges.filter(([start]) => start > RANGE_BYTES && start < 2 * RANGE_BYTES);
    expect(asked).toHaveLength(1);
    // What was in flight when the connection broke may come twice.
    expect(bytesAsked()).toBeLessThan(bytes.length + RANGE_BYTES);
    expect(bytesAsked()).toBeGreaterThanOrEqual(bytes.length);
  });

  test.each<readonly [HttpFault, string]>([
    [{ kind: 'other-etag' }, 'changed'],
    [{ kind: 'refuse', status: 412, code: 'PreconditionFailed' }, 'changed'],
    [{ kind: 'refuse', status: 416, code: 'InvalidRange' }, 'changed'],
    [{ kind: 'refuse', status: 403, code: 'AccessDenied' }, 'denied'],
    [{ kind: 'refuse', status: 403, code: 'InvalidObjectState' }, 'archived'],
    [{ kind: 'refuse', status: 404, code: 'NoSuchKey' }, 'missing'],
    [{ kind: 'refuse', status: 404, code: 'NoSuchBucket' }, 'bucket-missing'],
    [{ kind: 'refuse', status: 301, code: 'PermanentRedirect' }, 'denied'],
  ])('what does not pass is not tried again: %j is %s', async (fault, code) => {
    server.failWith((_, [start]) => (start === RANGE_BYTES ? fault : undefined));
    expect(await failureOf(fetch())).toMatchObject({ name: 'StoreProblem', code });
  });

  test('an object that is overwritten between two ranges is changed', async () => {
    server.failWith((call) => {
      if (call === 1) server.serve(randomBytes(bytes.length), '"another"');
      return undefined;
    });
    expect(await failureOf(fetch())).toMatchObject({ code: 'changed' });
  });

  test('Retry-After is heard', async () => {
    once({ kind: 'refuse', status: 503, code: 'SlowDown', retryAfter: '7' });
    const waitsMs: number[] = [];
    await fetch(undefined, async (ms) => void waitsMs.push(ms));
    expect(waitsMs).toContain(7000);
    expect(await isRight()).toBe(true);
  });

  test('an abort ends a silent server at once and leaves no busy socket', async () => {
    server.failWith(() => ({ kind: 'stall', bytes: 1000 }));
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), STALL_MS / 4);
    expect(await failureOf(fetch(controller.signal))).toBe(reason);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.openSockets()).toBe(0);
  });

  test('a killed transfer goes on where it was', async () => {
    const controller = new AbortController();
    server.failWith((_, [start]) => {
      if (start < 2 * RANGE_BYTES) return undefined;
      setTimeout(() => controller.abort(new Error('killed')), 50);
      return { kind: 'stall', bytes: 10 };
    });
    await failureOf(fetch(controller.signal));
    server.failWith(() => undefined);
    const before = bytesAsked();
    const { bytesReused, bytesFetched } = await fetch();
    expect(bytesReused).toBe(2 * RANGE_BYTES);
    expect(bytesAsked() - before).toBe(bytesFetched);
    expect(await isRight()).toBe(true);
  });
});
