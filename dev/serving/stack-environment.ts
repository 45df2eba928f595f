import type { Environment } from '../obtaining/cache.js';
import { isGiven } from './given.js';
import type { MongoDetails } from './mongo.js';
import type { S3Details } from './s3.js';
import type { TemporalDetails } from './temporal.js';

export interface Servers {
  readonly temporal: TemporalDetails;
  readonly s3: S3Details;
  readonly mongo: MongoDetails;
}

export function environmentFor({ temporal, s3, mongo }: Servers): Readonly<Record<string, string>> {
  return {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    MONGODB_URI: mongo.uri,
    AWS_REGION: s3.region,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
}

/** The variables that name a server; where one is set, that server is used and none is started. */
const naming = ['TEMPORAL_ADDRESS', 'AWS_ENDPOINT_URL_S3', 'MONGODB_URI'] as const;

/** The first variable that is set and names another server than these. */
export function disagreement(servers: Servers, env: Environment): string | undefined {
  const ours = environmentFor(servers);
  return naming.find((name) => isGiven(env[name]) && env[name] !== ours[name]);
}

export function allGiven(env: Environment): boolean {
  return naming.every((name) => isGiven(env[name]));
}
