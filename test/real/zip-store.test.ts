import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { createS3ZipStore } from '../../activities/stores/s3-zip-store.js';
import { serversOf } from '../support/lab.js';
import { zipStoreSuite } from '../support/zip-store-suite.js';

describe('the store over S3', () => {
  const bucket = `zip-store-${randomUUID().slice(0, 8)}`;
  const { endpoint, region, accessKeyId, secretAccessKey } = serversOf('');
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  const store = createS3ZipStore({
    endpoint,
    region,
    credentials,
    engine: 'http',
    stallTimeoutMs: 10_000,
    maxSockets: 8,
  });
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
});
