import { megabytes, seconds } from './units.js';

/** Why a file was never begun, or was cut off in the middle. */
export type StopReason = 'deadline' | 'cancelled' | 'disk full';

/** Every way in which one file's story can end. CONTRACT §1 fixes the sentence of each. */
export type Ending =
  | { readonly code: 'downloaded'; readonly bytes: number; readonly elapsedMs: number }
  | { readonly code: 'skipped' }
  | { readonly code: 'healed' }
  | { readonly code: 'verified' }
  | { readonly code: 's3-corrupt' }
  | { readonly code: 's3-missing' }
  | { readonly code: 'bucket-missing' }
  | { readonly code: 's3-denied' }
  | { readonly code: 's3-archived'; readonly storageClass: string }
  | { readonly code: 's3-changed' }
  | { readonly code: 'verification-failed' }
  | { readonly code: 'download-failed'; readonly cause: string }
  | { readonly code: 'disk-full' }
  | { readonly code: 'local-wrong' }
  | { readonly code: 'local-missing' }
  | { readonly code: 'unsafe-path' }
  | { readonly code: 'collision'; readonly other: string }
  | { readonly code: 'invalid-entry'; readonly what: string }
  | { readonly code: 'cannot-write'; readonly errno: string }
  | { readonly code: 'not-started'; readonly reason: StopReason }
  | { readonly code: 'interrupted'; readonly reason: Exclude<StopReason, 'disk full'> };

/** What was measured on the way; null where it is not known. Digests are lower-case hex. */
export interface Evidence {
  readonly s3Etag: string | null;
  readonly localEtag: string | null;
  readonly localMd5: string | null;
  readonly versionId: string | null;
  readonly attempts: number;
  /** The technical reason in one line, for the JSON report. */
  readonly cause: string | null;
}

export const NO_EVIDENCE: Evidence = {
  s3Etag: null,
  localEtag: null,
  localMd5: null,
  versionId: null,
  attempts: 0,
  cause: null,
};

/** The ending of one planned file. `bytes` are those fetched from S3, `elapsedMs` the time spent fetching and verifying. */
export interface FileOutcome {
  /** The file's place in the plan: unique within a job, and the order of the report. */
  readonly index: number;
  readonly ending: Ending;
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly evidence: Evidence;
}

const OK_CODES: ReadonlySet<Ending['code']> = new Set(['downloaded', 'skipped', 'healed', 'verified']);

export const isSuccess = (ending: Ending): boolean => OK_CODES.has(ending.code);

/** The file's line in the report, after the colon: exactly the sentences of CONTRACT §1. */
export function statusText(ending: Ending): string {
  return `${isSuccess(ending) ? 'OK' : 'FAILURE'} - ${sentence(ending)}`;
}

// One flat table of sentences: longer than other functions, but there is nothing to follow in it.
// oxlint-disable-next-line complexity
function sentence(ending: Ending): string {
  switch (ending.code) {
    case 'downloaded':
      return `Downloaded and verified (${megabytes(ending.bytes)} MB in ${seconds(ending.elapsedMs)}s)`;
    case 'skipped':
      return 'Skipped (already exists)';
    case 'healed':
      return 'Self-healed (hash mismatch detected, re-downloaded)';
    case 'verified':
      return 'Verified (verify only)';
    case 's3-corrupt':
      return 'S3 corruption detected (etag mismatch)';
    case 's3-missing':
      return 'S3 file not found';
    case 'bucket-missing':
      return 'S3 bucket not found';
    case 's3-denied':
      return 'S3 access denied';
    case 's3-archived':
      return `S3 object is archived (${ending.storageClass})`;
    case 's3-changed':
      return 'S3 object changed during download';
    case 'verification-failed':
      return 'Download verification failed';
    case 'download-failed':
      return `Download failed (${ending.cause})`;
    case 'disk-full':
      return 'Disk full';
    case 'local-wrong':
      return 'Local file is wrong (verify only)';
    case 'local-missing':
      return 'Local file is missing (verify only)';
    case 'unsafe-path':
      return 'Unsafe path';
    case 'collision':
      return `Path collision (${ending.other})`;
    case 'invalid-entry':
      return `Catalogue entry invalid (${ending.what})`;
    case 'cannot-write':
      return `Cannot write (${ending.errno})`;
    case 'not-started':
      return `Not started (${ending.reason})`;
    case 'interrupted':
      return `Interrupted (${ending.reason})`;
  }
}
