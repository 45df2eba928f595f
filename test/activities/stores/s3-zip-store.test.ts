import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createS3ZipStore } from '../../../activities/stores/s3-zip-store.js';

const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const LIST = `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>work/a</Key><Size>1</Size></Contents></ListBucketResult>`;

/** An S3 that lists one object and answers 200 to every DeleteObjects, with what it did not do. */
async function storeThatKeeps(code: string) {
  const refused = `<?xml version="1.0"?><DeleteResult><Error><Key>work/a</Key><Code>${code}</Code></Error></DeleteResult>`;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(request.method === 'GET' ? LIST : refused);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const store = createS3ZipStore({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    engine: 'http',
    stallTimeoutMs: 5000,
    maxSockets: 2,
  });
  closing.push(
    () => store.close(),
    () => server.close(),
  );
  return store;
}

test.each([
  ['InternalError', 'unavailable'],
  ['AccessDenied', 'denied'],
])('what S3 did not remove is not taken for removed: %s', async (answered, code) => {
  const store = await storeThatKeeps(answered);
  await expect(store.removeAll('bucket', 'work/')).rejects.toMatchObject({
    code,
    message: `remove from s3://bucket/work/: 1 objects are still there (${answered})`,
  });
});
