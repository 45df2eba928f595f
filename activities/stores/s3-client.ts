import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';

export interface S3ObjectStoreOptions {
  readonly region: string;
  /** `http`: bodies over node:http, signed by the SDK. `sdk`: the SDK for everything. */
  readonly engine: 'http' | 'sdk';
  /** How long a server may say nothing, before its answer and within it. */
  readonly stallTimeoutMs: number;
  /** Connections for bodies; the SDK has as many of its own for the rest. */
  readonly maxSockets: number;
  /** AWS_ENDPOINT_URL_S3, where it is set: then buckets are addressed in the path, as S3 look-alikes want it. */
  readonly endpoint?: string;
  readonly forcePathStyle?: boolean;
  /** For tests; else the SDK finds them. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A server that does not even take the connection is not slow, it is not there. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The SDK finds credentials as everywhere (environment, profile, role). Checksums only where S3 demands them: ranged GETs
 * have none, and whole-object checksums would be computed in JavaScript, beside the MD5 that proves the bytes anyway.
 */
export function createS3Client(options: S3ObjectStoreOptions, maxAttempts: number): S3Client {
  const { region, endpoint, stallTimeoutMs, maxSockets } = options;
  const agent = { keepAlive: true, maxSockets };
  return new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    maxAttempts,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: new NodeHttpHandler({
      connectionTimeout: Math.min(CONNECT_TIMEOUT_MS, stallTimeoutMs),
      // requestTimeout does not end a body that falls silent, and limits a whole request; this does, and does not.
      socketTimeout: stallTimeoutMs,
      httpAgent: agent,
      httpsAgent: agent,
    }),
  });
}
