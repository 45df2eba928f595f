import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { StoreProblem, type ObjectAddress, type ObjectHead } from '../ports.js';
import type { Readable } from 'node:stream';
import { s3Uri } from './range-answer.js';
import { brokenAnswer, type Asked } from './s3-problems.js';
import { problemOfSdkError } from './sdk-errors.js';

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
    throw isMissing ? await reasonOf(problem, client, address, asked, signal) : problem;
  }
}

/**
 * A HEAD has no body, so its 404 does not say what is missing: a GET of one byte does. (HeadBucket would need the right to
 * list the bucket, and versitygw answers 404 to unknown access keys as well.)
 */
async function reasonOf(
  missing: StoreProblem,
  client: S3Client,
  { bucket, key }: ObjectAddress,
  asked: Asked,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const command = new GetObjectCommand({ Bucket: bucket, Key: key, Range: 'bytes=0-0' });
    const { Body } = await client.send(command, { abortSignal: signal });
    (Body as Readable).on('error', () => {}).destroy();
    return missing;
  } catch (error) {
    const problem = problemOfSdkError(error, asked, signal);
    const tellsMore =
      !(problem instanceof StoreProblem) || ['bucket-missing', 'denied'].includes(problem.code);
    return tellsMore ? problem : missing;
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
