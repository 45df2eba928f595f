/** One look at S3 for `stowage doctor`: are there credentials, does it answer, does its clock agree with ours? */
import { HeadBucketCommand, ListBucketsCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';

export interface S3ProbeTarget {
  readonly region: string;
  readonly endpoint: string | null;
  /** A bucket that restores will read from, as the catalogue names it. */
  readonly bucket: string | null;
  readonly timeoutMs: number;
}

export type S3ProbeAnswer =
  | { readonly kind: 'no-credentials' | 'unreachable'; readonly message: string }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly clockSkewMs: number | null;
    }
  | {
      readonly kind: 'answers';
      /** Null where these credentials may not list buckets, which a restore does not need. */
      readonly buckets: number | null;
      readonly bucket: 'there' | 'missing' | 'denied' | null;
      /** Server's clock minus ours. */
      readonly clockSkewMs: number | null;
    };

/** Asks once, without retries: the doctor tells what is, not what might be later. */
export async function probeS3(target: S3ProbeTarget): Promise<S3ProbeAnswer> {
  const client = clientOf(target);
  const clock = watchClock(client);
  try {
    return (await missingCredentials(client)) ?? (await ask(client, target, clock));
  } finally {
    client.destroy();
  }
}

const clientOf = ({ region, endpoint, timeoutMs }: S3ProbeTarget): S3Client =>
  new S3Client({
    maxAttempts: 1,
    region,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs },
  });

interface Clock {
  skewMs: number | null;
}

/** Reads the Date header of each raw response, refusals included. */
function watchClock(client: S3Client): Clock {
  const clock: Clock = { skewMs: null };
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
      const serverMs = Date.parse(headers?.['date'] ?? '');
      clock.skewMs = Number.isNaN(serverMs) ? null : serverMs - Date.now();
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'watchClock' },
  );
  return clock;
}

/** Looked for before the first request, so that their absence is not taken for a broken server. */
async function missingCredentials({ config }: S3Client): Promise<S3ProbeAnswer | null> {
  try {
    await config.credentials();
    return null;
  } catch (error) {
    return { kind: 'no-credentials', message: messageOf(error) };
  }
}

async function ask(
  client: S3Client,
  { bucket, timeoutMs }: S3ProbeTarget,
  clock: Clock,
): Promise<S3ProbeAnswer> {
  try {
    const buckets = await countBuckets(client, timeoutMs);
    const state = bucket === null ? null : await stateOfBucket(client, bucket, timeoutMs);
    return { kind: 'answers', buckets, bucket: state, clockSkewMs: clock.skewMs };
  } catch (error) {
    if (!(error instanceof S3ServiceException)) return { kind: 'unreachable', message: messageOf(error) };
    return { kind: 'refused', code: error.name, message: error.message, clockSkewMs: clock.skewMs };
  }
}

async function countBuckets(client: S3Client, timeoutMs: number): Promise<number | null> {
  try {
    const abortSignal = AbortSignal.timeout(timeoutMs);
    return (await client.send(new ListBucketsCommand({}), { abortSignal })).Buckets?.length ?? 0;
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'AccessDenied') return null;
    throw error;
  }
}

async function stateOfBucket(
  client: S3Client,
  bucket: string,
  timeoutMs: number,
): Promise<'there' | 'missing' | 'denied'> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }), {
      abortSignal: AbortSignal.timeout(timeoutMs),
    });
    return 'there';
  } catch (error) {
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
    if (status === 404) return 'missing';
    if (status === 403) return 'denied';
    throw error;
  }
}

/** An AggregateError (every address of a host refused) has no message of its own. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : '';
  return error.message || inner || error.name;
}
