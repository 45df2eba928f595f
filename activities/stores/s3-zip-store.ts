/** Assembling objects in S3: multipart uploads, copies inside S3, and small objects of our own. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ZipTarget } from '../../core/zip-contract.js';
import { StoreProblem } from '../ports.js';
import type { PinnedObject } from '../ports.js';
import type { UploadedPart, ZipStore } from '../zip-ports.js';
import { problemOfSdkError } from './sdk-errors.js';

const NEVER = new AbortController().signal;

/** Runs one request; whatever the SDK throws becomes a StoreProblem that names what was wanted. */
type Ask = <T>(wanted: string, request: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

const asking =
  (endpoint: string): Ask =>
  async (wanted, request, signal = NEVER) => {
    try {
      return await request();
    } catch (error) {
      throw problemOfSdkError(error, { wanted, endpoint }, signal);
    }
  };

const inWords = ({ bucket, key }: ZipTarget): string => `s3://${bucket}/${key}`;

/** A store over the SDK's client, which the caller owns and closes. `endpoint` is for messages. */
export function createS3ZipStore(client: S3Client, endpoint: string): ZipStore {
  const ask = asking(endpoint);
  return { ...uploads(client, ask), ...copies(client, ask), ...smallObjects(client, ask) };
}

function uploads(client: S3Client, ask: Ask): Pick<ZipStore, 'begin' | 'uploadPart' | 'complete' | 'abort'> {
  return {
    begin: async (target, contentType) => {
      const request = { Bucket: target.bucket, Key: target.key, ContentType: contentType };
      const { UploadId } = await ask(`begin ${inWords(target)}`, () =>
        client.send(new CreateMultipartUploadCommand(request)),
      );
      if (UploadId === undefined)
        throw new StoreProblem('unavailable', `begin ${inWords(target)}: S3 gave no upload id`);
      return UploadId;
    },
    uploadPart: async (target, uploadId, partNumber, bytes, signal) => {
      const request = {
        Bucket: target.bucket,
        Key: target.key,
        UploadId: uploadId,
        PartNumber: partNumber,
        Body: bytes,
      };
      const send = () => client.send(new UploadPartCommand(request), { abortSignal: signal });
      const { ETag = '' } = await ask(`part ${partNumber} of ${inWords(target)}`, send, signal);
      return { partNumber, etag: ETag };
    },
    complete: async (target, uploadId, parts) => {
      const Parts = parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag }));
      const request = {
        Bucket: target.bucket,
        Key: target.key,
        UploadId: uploadId,
        MultipartUpload: { Parts },
      };
      await ask(`complete ${inWords(target)}`, () =>
        client.send(new CompleteMultipartUploadCommand(request)),
      );
    },
    abort: async (target, uploadId) => {
      const request = { Bucket: target.bucket, Key: target.key, UploadId: uploadId };
      const send = () => client.send(new AbortMultipartUploadCommand(request));
      await ask(`abort ${inWords(target)}`, send).catch((error: unknown) => {
        if (!(error instanceof StoreProblem) || error.code !== 'missing') throw error;
      });
    },
  };
}

/** Answers of servers that cannot copy a range into a part; then the bytes are sent. */
const CANNOT_COPY = new Set(['NotImplemented', 'MethodNotAllowed', 'InvalidRequest', 'AccessDenied']);

function copies(client: S3Client, ask: Ask): Pick<ZipStore, 'copyPart' | 'wholeCrc32'> {
  return {
    copyPart: async (
      target,
      uploadId,
      partNumber,
      source,
      [start, end],
      signal,
    ): Promise<UploadedPart | null> => {
      const request = {
        Bucket: target.bucket,
        Key: target.key,
        UploadId: uploadId,
        PartNumber: partNumber,
        CopySource: `${source.bucket}/${encodeURIComponent(source.key).replaceAll('%2F', '/')}`,
        CopySourceIfMatch: source.etag,
        CopySourceRange: `bytes=${start}-${end - 1}`,
      };
      const send = async (): Promise<UploadedPart | null> => {
        try {
          const { CopyPartResult } = await client.send(new UploadPartCopyCommand(request), {
            abortSignal: signal,
          });
          return CopyPartResult?.ETag === undefined ? null : { partNumber, etag: CopyPartResult.ETag };
        } catch (error) {
          if (error instanceof Error && CANNOT_COPY.has(error.name)) return null;
          throw error;
        }
      };
      return ask(`copy ${source.bucket}/… into part ${partNumber} of ${inWords(target)}`, send, signal);
    },
    wholeCrc32: async ({ bucket, key, etag }: PinnedObject, signal) => {
      const request = { Bucket: bucket, Key: key, IfMatch: etag, ChecksumMode: 'ENABLED' } as const;
      const send = () => client.send(new HeadObjectCommand(request), { abortSignal: signal });
      const { ChecksumCRC32, ChecksumType } = await ask(`checksum in ${bucket}`, send, signal);
      // A composite checksum ("…-3") is one of the parts' checksums, not of the bytes.
      if (ChecksumCRC32 === undefined || ChecksumType === 'COMPOSITE' || ChecksumCRC32.includes('-'))
        return null;
      return Buffer.from(ChecksumCRC32, 'base64').readUInt32BE(0);
    },
  };
}

function smallObjects(client: S3Client, ask: Ask): Pick<ZipStore, 'put' | 'get' | 'list' | 'removeAll'> {
  const list: ZipStore['list'] = async function* (bucket, prefix, signal) {
    const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
    for (;;) {
      const page = await ask(`list ${bucket}`, () => pages.next(), signal);
      if (page.done) return;
      for (const { Key, ETag, Size, LastModified } of page.value.Contents ?? [])
        if (Key !== undefined)
          yield {
            key: Key,
            etag: ETag ?? '',
            sizeBytes: Size ?? 0,
            modifiedAtMs: LastModified?.getTime() ?? 0,
          };
      signal.throwIfAborted();
    }
  };
  return {
    list,
    put: async ({ bucket, key }, bytes) =>
      void (await ask(`write ${bucket}/${key}`, () =>
        client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes })),
      )),
    get: ({ bucket, key }) =>
      ask(`read ${bucket}/${key}`, async () => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return (await Body?.transformToByteArray()) ?? new Uint8Array();
      }),
    removeAll: async (bucket, prefix) => {
      let keys: { Key: string }[] = [];
      const flush = async (): Promise<void> => {
        const batch = keys;
        keys = [];
        if (batch.length === 0) return;
        const request = { Bucket: bucket, Delete: { Objects: batch, Quiet: true } };
        await ask(`remove from ${bucket}`, () => client.send(new DeleteObjectsCommand(request)));
      };
      for await (const { key } of list(bucket, prefix, NEVER)) {
        keys.push({ Key: key });
        if (keys.length === 1000) await flush();
      }
      await flush();
    },
  };
}
