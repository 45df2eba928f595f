/**
 * What the worker's log says of a restore. Temporal adds workflow, activity and attempt; units are in the names. Ids, paths and
 * digests only: no URL is logged, because a signed one is a key.
 */
import { log } from '@temporalio/activity';
import type { FilePlan, PlannedJob, Transfer } from '../core/contract.js';
import { isSuccess, statusText } from '../core/outcome.js';
import type { Evidence, FileOutcome } from '../core/outcome.js';
import { MEBIBYTE } from '../core/units.js';
import type { StoredRawFile } from './stored-plan.js';

type Named = Pick<FilePlan, 'rawFileId' | 'file'>;

/** The counts of a plan, and one error for each raw file that it refused as a whole. */
export function logPlan(
  job: PlannedJob,
  rawFiles: readonly Pick<StoredRawFile, 'rawFileId' | 'error'>[],
): void {
  const { files, bytes, filesRefused, rawFilesRefused, destinations } = job;
  const counts = { rawFiles: job.rawFiles, rawFilesRefused, files, filesRefused, bytes, destinations };
  log.info('restore planned', counts);
  for (const { rawFileId, error } of rawFiles)
    if (error !== null) log.error('raw file cannot be restored', { rawFileId, error });
}

/** S3 does not have what the catalogue describes. */
export function logSourceFault(
  { rawFileId, file, bucket, key, expected }: FilePlan,
  { s3Etag, cause }: Pick<Evidence, 's3Etag' | 'cause'>,
): void {
  const place = { rawFileId, file, bucket, key };
  log.warn('S3 differs from the catalogue', { ...place, expectedEtag: expected.etag, s3Etag, cause });
}

/** A download that is complete and not verified yet: all tries of the file together. */
export function logDownload({ rawFileId, file }: Named, { bytes, elapsedMs, attempts }: Transfer): void {
  const rateMbPerS = elapsedMs === 0 ? null : Math.round((bytes / MEBIBYTE / elapsedMs) * 10_000) / 10;
  log.info('downloaded', { rawFileId, file, bytes, elapsedMs, rateMbPerS, attempts });
}

/** What was read back from the disk; `mismatch` is null where it is right. */
export function logVerification(
  { rawFileId, file, expected }: FilePlan,
  { localEtag = null, localMd5 = null }: Partial<Evidence>,
  mismatch: string | null,
): void {
  const found = { rawFileId, file, expectedEtag: expected.etag, localEtag, localMd5 };
  if (mismatch === null) log.info('verified', found);
  else log.warn('the fetched bytes are wrong', { ...found, mismatch });
}

/** The end of a file's story. */
export function logEnding(
  { rawFileId, file }: Named,
  { ending, evidence, bytes, elapsedMs }: FileOutcome,
): void {
  const { cause, attempts } = evidence;
  const told = { rawFileId, file, status: statusText(ending), bytes, elapsedMs, attempts };
  if (isSuccess(ending)) log.info('file done', told);
  else log.warn('file failed', { ...told, cause });
}
