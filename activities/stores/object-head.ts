import type { ObjectHead } from '../ports.js';
import { brokenAnswer, type Asked } from './s3-problems.js';

/** The headers of a HEAD that matter, by the SDK's names. */
export interface HeadFields {
  readonly ETag?: string | undefined;
  readonly ContentLength?: number | undefined;
  readonly VersionId?: string | undefined;
  readonly ServerSideEncryption?: string | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly StorageClass?: string | undefined;
  readonly ArchiveStatus?: string | undefined;
  readonly Restore?: string | undefined;
}

/** What S3 says about an object, as the restore needs it. */
export function objectHead(fields: HeadFields, asked: Asked): ObjectHead {
  const { ETag, ContentLength, VersionId, ServerSideEncryption, SSECustomerAlgorithm } = fields;
  if (ETag === undefined || ContentLength === undefined)
    throw brokenAnswer(asked, 'the answer has no ETag or no Content-Length');
  return {
    etag: ETag,
    sizeBytes: ContentLength,
    versionId: VersionId ?? null,
    etagIsDigest: !ServerSideEncryption?.startsWith('aws:kms') && SSECustomerAlgorithm === undefined,
    archivedAs: archivedAs(fields),
  };
}

/** GLACIER_IR answers at once; a thawed copy is announced by `Restore: ongoing-request="false", expiry-date=…`. */
function archivedAs({ StorageClass, ArchiveStatus, Restore }: HeadFields): string | null {
  const frozen = StorageClass === 'GLACIER' || StorageClass === 'DEEP_ARCHIVE' || ArchiveStatus !== undefined;
  if (!frozen || /ongoing-request="false"/.test(Restore ?? '')) return null;
  return StorageClass ?? ArchiveStatus ?? null;
}
