/** Assembling objects in S3: multipart uploads, copies inside S3 (s3-copies.ts), and small objects of our own. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ZipTarget } from '../../core/zip-contract.js';
import { StoreProblem } from '../ports.js';
import { UPLOAD } from '../zip-ports.js';
import type { ZipStore } from '../zip-ports.js';
import { askingS3, inWords, type Ask } from './ask-s3.js';
import { createS3Client, type S3ObjectStoreOptions } from './s3-client.js';
import { copies } from './s3-copies.js';
import { MADE_BY, smallObjects } from './s3-small-objects.js';

/** S3 says nothing while it copies up to 5 GiB, or (look-alikes) while it puts a whole upload together. */
const PATIENT_MS = 15 * 60_000;
const ATTEMPTS = 5;

/** A store with clients of its own; `close` ends their idle connections. */
export function createS3ZipStore(options: S3ObjectStoreOptions): ZipStore & { close(): void } {
  const ask = askingS3(options.endpoint ?? `AWS S3 in ${options.region}`);
  const client = createS3Client(options, ATTEMPTS);
  const patient = createS3Client({ ...options, stallTimeoutMs: PATIENT_MS }, ATTEMPTS);
  return {
    ...parts(client, ask),
    ...uploads(client, patient, ask),
    ...copies(client, patient, ask),
    ...smallObjects(client, ask),
    close: () => {
      client.destroy();
      patient.destroy();
    },
  };
}

const addressOf = ({ bucket, key }: ZipTarget) => ({ Bucket: bucket, Key: key });

function parts(client: S3Client, ask: Ask): Pick<ZipStore, 'uploadPart' | 'uploadStream'> {
  return {
    uploadPart: async (target, uploadId, partNumber, bytes, signal) => {
      const request = { ...addressOf(target), UploadId: uploadId, PartNumber: partNumber, Body: bytes };
      const send = () => client.send(new UploadPartCommand(request), { abortSignal: signal });
      const { ETag = '' } = await ask(`part ${partNumber} of ${inWords(target)}`, send, signal);
      return { partNumber, etag: ETag };
    },
    uploadStream: async (target, uploadId, partNumber, { stream, bytes }, signal) => {
      const request = {
        ...addressOf(target),
        UploadId: uploadId,
        PartNumber: partNumber,
        Body: stream,
        ContentLength: bytes,
      };
      // What breaks the source breaks the request: the source's own error says why.
      const broken = new Promise<never>((_, reject) => void stream.once('error', reject));
      const send = () => client.send(new UploadPartCommand(request), { abortSignal: signal });
      const { ETag = '' } = await ask(
        `part ${partNumber} of ${inWords(target)}`,
        () => Promise.race([send(), broken]),
        signal,
      );
      return { partNumber, etag: ETag };
    },
  };
}

function uploads(
  client: S3Client,
  patient: S3Client,
  ask: Ask,
): Pick<ZipStore, 'begin' | 'openUploads' | 'complete' | 'abort'> {
  return {
    // Without a checksum algorithm: with one, versitygw's UploadPartCopy keeps the source's whole checksum for a range of it.
    begin: async (target, contentType, madeBy) => {
      const Metadata = { [MADE_BY]: madeBy };
      const request = { ...addressOf(target), ContentType: contentType, Metadata };
      const { UploadId } = await ask(`begin ${inWords(target)}`, () =>
        client.send(new CreateMultipartUploadCommand(request)),
      );
      if (UploadId === undefined)
        throw new StoreProblem('unavailable', `begin ${inWords(target)}: S3 gave no upload id`);
      return UploadId;
    },
    // One page: nobody begins a thousand uploads to one key.
    openUploads: async ({ bucket, key }) => {
      const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key });
      const { Uploads = [] } = await ask(`uploads of ${inWords({ bucket, key })}`, () =>
        client.send(command),
      );
      return Uploads.flatMap(({ Key, UploadId }) => (Key === key && UploadId !== undefined ? UploadId : []));
    },
    complete: async (target, uploadId, uploaded) => {
      const Parts = uploaded.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag }));
      const request = { ...addressOf(target), UploadId: uploadId, MultipartUpload: { Parts } };
      await ask(`complete ${inWords(target)}`, () =>
        patient.send(new CompleteMultipartUploadCommand(request)),
      );
    },
    abort: async (target, uploadId) => {
      const request = { ...addressOf(target), UploadId: uploadId };
      const send = () => client.send(new AbortMultipartUploadCommand(request));
      await ask(`abort ${inWords(target)}`, send).catch((error: unknown) => {
        if (!(error instanceof StoreProblem) || error.detail !== UPLOAD) throw error;
      });
    },
  };
}
