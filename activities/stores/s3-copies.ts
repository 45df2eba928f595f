import { HeadObjectCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import type { PinnedObject } from '../ports.js';
import type { ZipStore } from '../zip-ports.js';
import { inWords, type Ask } from './ask-s3.js';
import { quotedEtag } from './range-answer.js';

/** Answers of servers that cannot copy a range into a part, or may not: then the bytes are sent. */
const CANNOT_COPY = new Set([
  'NotImplemented',
  'MethodNotAllowed',
  'InvalidRequest',
  'AccessDenied',
  'XNotImplemented',
]);

const copySource = ({ bucket, key }: PinnedObject): string =>
  `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;

/** Copies inside S3; `patient` waits as long as a copy may take. */
export function copies(
  client: S3Client,
  patient: S3Client,
  ask: Ask,
): Pick<ZipStore, 'copyPart' | 'wholeCrc32'> {
  return {
    copyPart: (target, uploadId, partNumber, source, [start, end], signal) => {
      const command = new UploadPartCopyCommand({
        Bucket: target.bucket,
        Key: target.key,
        UploadId: uploadId,
        PartNumber: partNumber,
        CopySource: copySource(source),
        CopySourceIfMatch: quotedEtag(source.etag),
        CopySourceRange: `bytes=${start}-${end - 1}`,
      });
      const send = async () => {
        try {
          const { CopyPartResult } = await patient.send(command, { abortSignal: signal });
          return CopyPartResult?.ETag === undefined ? null : { partNumber, etag: CopyPartResult.ETag };
        } catch (error) {
          if (error instanceof Error && CANNOT_COPY.has(error.name)) return null;
          throw error;
        }
      };
      // Without the source: where it is an attachment, its key may be health information, and a lost upload is told in these words.
      return ask(`copy into part ${partNumber} of ${inWords(target)}`, send, signal);
    },
    wholeCrc32: async (source, signal) => {
      const { bucket, key, etag } = source;
      const request = {
        Bucket: bucket,
        Key: key,
        IfMatch: quotedEtag(etag),
        ChecksumMode: 'ENABLED',
      } as const;
      const send = () => client.send(new HeadObjectCommand(request), { abortSignal: signal });
      const { ChecksumCRC32, ChecksumType } = await ask(`checksum of ${inWords(source)}`, send, signal);
      // A composite checksum ("…-3") is one of the parts' checksums, not of the bytes.
      if (ChecksumCRC32 === undefined || ChecksumType === 'COMPOSITE' || ChecksumCRC32.includes('-'))
        return null;
      return Buffer.from(ChecksumCRC32, 'base64').readUInt32BE(0);
    },
  };
}
