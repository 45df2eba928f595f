import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import type { ObjectAddress, ObjectHead } from '../ports.js';
import { reasonBehindMissing } from './missing-reason.js';
import { objectHead } from './object-head.js';
import { s3Uri } from './range-answer.js';
import { problemOfSdkError } from './sdk-errors.js';

/** HEAD of an object by the SDK. Not retried. */
export async function headOverSdk(
  { bucket, key }: ObjectAddress,
  { client, endpoint }: { readonly client: S3Client; readonly endpoint: string },
  signal: AbortSignal,
): Promise<ObjectHead> {
  const asked = { wanted: s3Uri({ bucket, key }), endpoint };
  const address = { Bucket: bucket, Key: key };
  signal.throwIfAborted();
  try {
    return objectHead(await client.send(new HeadObjectCommand(address), { abortSignal: signal }), asked);
  } catch (error) {
    throw await reasonBehindMissing(problemOfSdkError(error, asked, signal), async () => {
      try {
        const command = new GetObjectCommand({ ...address, Range: 'bytes=0-0' });
        return (await client.send(command, { abortSignal: signal })).Body as Readable;
      } catch (refusal) {
        throw problemOfSdkError(refusal, asked, signal);
      }
    });
  }
}
