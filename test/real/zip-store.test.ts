import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createS3ObjectStore } from '../../activities/stores/s3-object-store.js';
import { createS3ZipStore } from '../../activities/stores/s3-zip-store.js';
import type { ZipDeps } from '../../activities/zip-deps.js';
import type { ZipStore } from '../../activities/zip-ports.js';
import { MEBIBYTE } from '../../core/units.js';
import { noise } from '../../dev/corpus.js';
import { serversOf } from '../support/lab.js';
import { zipStoreSuite } from '../support/zip-store-suite.js';
import { createZipWorld, runZip } from '../support/zip-world.js';

describe('the store over S3', () => {
  const bucket = `zip-store-${randomUUID().slice(0, 8)}`;
  const { endpoint, region, accessKeyId, secretAccessKey } = serversOf('');
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  const options = {
    endpoint,
    region,
    credentials,
    engine: 'http',
    stallTimeoutMs: 10_000,
    maxSockets: 8,
  } as const;
  const store = createS3ZipStore(options);
  beforeAll(async () => void (await s3.send(new CreateBucketCommand({ Bucket: bucket }))));
  afterAll(() => {
    s3.destroy();
    store.close();
  });
  zipStoreSuite(() => ({
    store,
    bucket,
    seed: async (key, bytes) =>
      (await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }))).ETag ?? '',
  }));

  test('an object in a bucket that is not there is told from one that is not there', async () => {
    const never = new AbortController().signal;
    for (const [address, code] of [
      [{ bucket, key: 'nothing' }, 'missing'],
      [{ bucket: `no-${bucket}`, key: 'nothing' }, 'bucket-missing'],
    ] as const)
      await expect(store.head(address, never)).rejects.toMatchObject({ code });
  });

  /** The ZIP of one large object, whose source has a checksum of its own: that is where versitygw errs. */
  async function zipOf(uri: string, zips: ZipStore): Promise<{ bytes: Uint8Array; copies: number }> {
    const objects = createS3ObjectStore(options);
    const output = `s3://${bucket}/${randomUUID()}.zip`;
    let copies = 0;
    const copyPart: ZipStore['copyPart'] = async (...args) => {
      const part = await zips.copyPart(...args);
      copies += part === null ? 0 : 1;
      return part;
    };
    const world = createZipWorld();
    const deps: ZipDeps = { ...world.deps, store: objects, zips: { ...zips, copyPart } };
    const outcome = await runZip(
      { ...world, deps },
      { objects: [{ uri, name: 'a' }], output, on_error: 'fail' },
    );
    objects.close();
    if (outcome.kind === 'refused') throw new Error(outcome.message);
    return { bytes: await store.get(outcome.job.target), copies };
  }

  test.each([undefined, 'CRC32', 'CRC64NVME'] as const)(
    'copied inside S3 and sent by a worker a large object gives the same ZIP (checksum of its source: %s)',
    async (ChecksumAlgorithm) => {
      const object = { Bucket: bucket, Key: `large ${ChecksumAlgorithm}` };
      const Body = noise(40 * MEBIBYTE + 3, 'large');
      await s3.send(
        new PutObjectCommand({ ...object, Body, ...(ChecksumAlgorithm && { ChecksumAlgorithm }) }),
      );
      const uri = `s3://${bucket}/${object.Key}`;
      const copied = await zipOf(uri, store);
      const sent = await zipOf(uri, { ...store, copyPart: async () => null, wholeCrc32: async () => null });
      expect([copied.copies > 0, sent.copies]).toEqual([true, 0]);
      expect(Buffer.from(copied.bytes).equals(sent.bytes)).toBe(true);
      expect(Buffer.from(copied.bytes).includes(Buffer.from(Body))).toBe(true);
    },
    60_000,
  );
});
