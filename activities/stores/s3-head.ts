import {
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { StoreProblem, type ObjectAddress, type ObjectHead } from '../ports.js';
import { s3Uri } from './range-answer.js';
import { brokenAnswer, type Asked } from './s3-problems.js';
import { problemOfSdkError, statusOfSdkError } from './sdk-errors.js';

/** HEAD of an object. */
export async function headObject(
  client: S3Client,
  address: ObjectAddress,
  endpoint: string,
  signal: AbortSignal,
): Promise<ObjectHead> {
  const asked = { wanted: s3Uri(address), endpoint };
  signal.throwIfAborted();
  try {
    const command = new HeadObjectCommand({ Bucket: address.bucket, Key: address.key });
    return headOf(await client.send(command, { abortSignal: signal }), asked);
  } catch (error) {
    const problem = problemOfSdkError(error, asked, signal);
    const isMissing = problem instanceof StoreProblem && problem.code === 'missing';
    throw isMissing && (await bucketIsMissing(client, address.bucket, signal))
      ? withoutBucket(asked)
      : problem;
  }
}

function headOf(output: HeadObjectCommandOutput, asked: Asked): ObjectHead {
  const { ETag, ContentLength, VersionId, ServerSideEncryption, SSECustomerAlgorithm } = output;
  if (ETag === undefined || ContentLength === undefined)
    throw brokenAnswer(asked, 'the answer has no ETag or no Content-Length');
  return {
    etag: ETag,
    sizeBytes: ContentLength,
    versionId: VersionId ?? null,
    etagIsDigest: !ServerSideEncryption?.startsWith('aws:kms') && SSECustomerAlgorithm === undefined,
    archivedAs: archivedAs(output),
  };
}

/** GLACIER_IR answers at once; a thawed copy is announced by `Restore: ongoing-request="false", expiry-date=…`. */
export function archivedAs(
  head: Pick<HeadObjectCommandOutput, 'StorageClass' | 'ArchiveStatus' | 'Restore'>,
): string | null {
  const frozen =
    head.StorageClass === 'GLACIER' || head.StorageClass === 'DEEP_ARCHIVE' || head.ArchiveStatus;
  if (!frozen || /ongoing-request="false"/.test(head.Restore ?? '')) return null;
  return head.StorageClass ?? head.ArchiveStatus ?? null;
}

/** A HEAD has no body, so 404 does not say what is missing. Where the bucket may not be asked, the object is. */
async function bucketIsMissing(client: S3Client, bucket: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal });
    return false;
  } catch (error) {
    signal.throwIfAborted();
    return statusOfSdkError(error) === 404;
  }
}

const withoutBucket = ({ wanted, endpoint }: Asked): StoreProblem =>
  new StoreProblem('bucket-missing', `${wanted}: the bucket does not exist (HTTP 404 from ${endpoint})`);
