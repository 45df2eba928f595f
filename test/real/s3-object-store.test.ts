import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { createS3ObjectStore } from '../../activities/stores/s3-object-store.js';
import { partRanges } from '../../core/etag.js';
import { startFlakyProxy, type FlakyProxy } from '../support/flaky-proxy.js';
import { describeObjectStore, failureOf, type StoreUnderTest } from '../support/object-store-suite.js';

const endpoint = process.env['AWS_ENDPOINT_URL_S3'] ?? '';
const region = process.env['AWS_REGION'] ?? 'us-east-1';
const s3 = new S3Client({ endpoint, region, forcePathStyle: true });
afterAll(() => s3.destroy());

const options = { region, endpoint, stallTimeoutMs: 10_000, maxSockets: 8 } as const;

async function putParts(
  Bucket: string,
  Key: string,
  bytes: Uint8Array,
  partSizeBytes: number,
): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const uploading = partRanges(bytes.length, partSizeBytes).map(async ([start, end], at) => {
    const part = { Bucket, Key, UploadId, PartNumber: at + 1, Body: bytes.subarray(start, end) };
    return { PartNumber: at + 1, ETag: (await s3.send(new UploadPartCommand(part))).ETag };
  });
  const MultipartUpload = { Parts: await Promise.all(uploading) };
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
}

async function makeStore(engine: 'http' | 'sdk'): Promise<StoreUnderTest> {
  const store = createS3ObjectStore({ ...options, engine });
  const bucket = `suite-${engine}-${randomUUID()}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    store,
    bucket,
    missingBucket: `missing-${randomUUID()}`,
    put: async (key, bytes, partSizeBytes) =>
      void (partSizeBytes === undefined
        ? await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }))
        : await putParts(bucket, key, bytes, partSizeBytes)),
    remove: async (key) => void (await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))),
    close: async () => store.close(),
  };
}

describeObjectStore('S3 by node:http', () => makeStore('http'));
describeObjectStore('S3 by the SDK', () => makeStore('sdk'));

describe.each(['http', 'sdk'] as const)('S3 by %s, when it says no', (engine) => {
  const never = new AbortController().signal;
  const object = { bucket: 'any-bucket', key: 'any.bin', etag: '"0123"' };

  test('wrong credentials are denied, in one line that does not show them', async () => {
    const credentials = { accessKeyId: 'AKIDNOBODY', secretAccessKey: 'neverToBeSeen' };
    const store = createS3ObjectStore({ ...options, engine, credentials });
    for (const ask of [() => store.head(object, never), () => store.readRange(object, 0, 9, never)]) {
      const error = (await failureOf(ask())) as Error;
      expect(error).toMatchObject({ name: 'StoreProblem', code: 'denied' });
      expect(error.message).not.toMatch(/AKIDNOBODY|neverToBeSeen|\n/);
    }
    store.close();
  });

  test('a server that is not there is named with its setting', async () => {
    const store = createS3ObjectStore({ ...options, engine, endpoint: 'http://127.0.0.1:9' });
    for (const ask of [() => store.head(object, never), () => store.readRange(object, 0, 9, never)]) {
      const error = (await failureOf(ask())) as Error;
      expect(error).toMatchObject({ name: 'StoreProblem', code: 'unavailable' });
      expect(error.message).toMatch(/127\.0\.0\.1:9 .*ECONNREFUSED.*AWS_ENDPOINT_URL_S3/);
    }
    store.close();
  });
});

describe.each(['http', 'sdk'] as const)('a HEAD by %s that S3 is too busy for', (engine) => {
  const never = new AbortController().signal;
  const Bucket = `busy-${engine}-${randomUUID()}`;
  const address = { bucket: Bucket, key: 'a.bin' };
  let proxy: FlakyProxy;
  let store: ReturnType<typeof createS3ObjectStore>;
  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: address.key, Body: 'abc' }));
    proxy = await startFlakyProxy(endpoint);
    store = createS3ObjectStore({ ...options, engine, endpoint: proxy.url });
  });
  afterAll(async () => {
    store.close();
    await proxy.close();
  });
  const askWhileRefused = async (times: number, retryAfterS = 0): Promise<unknown> => {
    proxy.inject({ kind: 'refuse', of: 'HEAD', times, retryAfterS });
    return store.head(address, never).catch((error: unknown) => error);
  };

  test('is repeated five times at most, with pauses that grow', async () => {
    const before = proxy.struck();
    const startedMs = Date.now();
    expect(await askWhileRefused(4)).toMatchObject({ sizeBytes: 3 });
    expect(proxy.struck() - before).toBe(4);
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual((200 + 400 + 800 + 1600) / 2);
    expect(await askWhileRefused(7)).toMatchObject({ name: 'StoreProblem', code: 'unavailable' });
    expect(proxy.struck() - before).toBe(4 + 6);
  });

  test('is repeated when S3 asks for it', async () => {
    const startedMs = Date.now();
    expect(await askWhileRefused(1, 2)).toMatchObject({ sizeBytes: 3 });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(2000);
  });
});
