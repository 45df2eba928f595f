/** S3 as an ObjectStore. The files of this folder are the only ones that import @aws-sdk and mongodb. */
import type { ObjectStore } from '../ports.js';
import { createAgents } from './http-get.js';
import { readRangeOverHttp } from './range-over-http.js';
import { readRangeOverSdk } from './range-over-sdk.js';
import { createS3Client, type S3ObjectStoreOptions } from './s3-client.js';
import { headObject } from './s3-head.js';
import { createSignedUrls } from './signed-urls.js';

export type { S3ObjectStoreOptions };

/** One retry hides a connection that the server closed just then; the job's own retries do the rest. */
const HEAD_ATTEMPTS = 2;
/** Ranges are retried by whoever reads them, from where they broke. */
const BODY_ATTEMPTS = 1;

/** Objects in S3. `close` ends idle connections. */
export function createS3ObjectStore(options: S3ObjectStoreOptions): ObjectStore & { close(): void } {
  const { stallTimeoutMs } = options;
  const endpoint = options.endpoint ?? `AWS S3 in ${options.region}`;
  const client = createS3Client(options, HEAD_ATTEMPTS);
  const bodyClient = createS3Client(options, BODY_ATTEMPTS);
  const agents = createAgents(options.maxSockets);
  const http = { urls: createSignedUrls(client), agents, endpoint, stallTimeoutMs };
  const sdk = { client: bodyClient, endpoint, stallTimeoutMs };
  return {
    head: (address, signal) => headObject(client, address, endpoint, signal),
    readRange: (object, start, end, signal) =>
      options.engine === 'http'
        ? readRangeOverHttp({ object, start, end, signal }, http)
        : readRangeOverSdk({ object, start, end, signal }, sdk),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
      client.destroy();
      bodyClient.destroy();
    },
  };
}
