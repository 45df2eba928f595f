/** S3 as an ObjectStore. The files of this folder are the only ones that import @aws-sdk and mongodb. */
import { pause, withBackOff } from '../back-off.js';
import type { ObjectAddress, ObjectStore } from '../ports.js';
import { headOverHttp } from './head-over-http.js';
import { headOverSdk } from './head-over-sdk.js';
import { createAgents } from './http-request.js';
import type { RangeRequest } from './range-answer.js';
import { readRangeOverHttp } from './range-over-http.js';
import { readRangeOverSdk } from './range-over-sdk.js';
import { createS3Client, type S3ObjectStoreOptions } from './s3-client.js';
import { createSignedUrls } from './signed-urls.js';

export type { S3ObjectStoreOptions };

/** The SDK repeats nothing: heads are repeated here, ranges by whoever reads them, from where they broke. */
const ATTEMPTS = 1;

/** Objects in S3. `close` ends idle connections. */
export function createS3ObjectStore(options: S3ObjectStoreOptions): ObjectStore & { close(): void } {
  const { stallTimeoutMs } = options;
  const endpoint = options.endpoint ?? `AWS S3 in ${options.region}`;
  const client = createS3Client(options, ATTEMPTS);
  const agents = createAgents(options.maxSockets);
  const http = { urls: createSignedUrls(client), agents, endpoint, stallTimeoutMs };
  const engine =
    options.engine === 'http'
      ? {
          head: (address: ObjectAddress, signal: AbortSignal) => headOverHttp(address, http, signal),
          readRange: (request: RangeRequest) => readRangeOverHttp(request, http),
        }
      : {
          head: (address: ObjectAddress, signal: AbortSignal) =>
            headOverSdk(address, { client, endpoint }, signal),
          readRange: (request: RangeRequest) =>
            readRangeOverSdk(request, { client, endpoint, stallTimeoutMs }),
        };
  return {
    head: (address, signal) => withBackOff(() => engine.head(address, signal), { signal, pause }),
    readRange: (object, start, end, signal) => engine.readRange({ object, start, end, signal }),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
      client.destroy();
    },
  };
}
