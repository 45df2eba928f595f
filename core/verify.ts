/** Whether bytes are the catalogue's bytes: size, whole-file MD5 and ETag, each wherever it is known. */
import type { Expected, PinnedSource } from './contract.js';
import type { Md5 } from './etag.js';
import { etagsMatch } from './etag.js';

/** What was measured on disk; null where it was not asked for. */
export interface Measured {
  readonly sizeBytes: number;
  readonly md5: string | null;
  readonly etag: string | null;
}

/** Null where every known fact agrees, else one line: what was wanted and what was found. */
export function findMismatch(
  expected: Expected,
  source: PinnedSource,
  found: Measured,
  md5: Md5,
): string | null {
  const wantedSize = expected.sizeBytes ?? source.sizeBytes;
  if (found.sizeBytes !== wantedSize) return `size: wanted ${wantedSize} bytes, found ${found.sizeBytes}`;
  if (expected.md5 !== null && found.md5 !== expected.md5)
    return `MD5: wanted ${expected.md5}, found ${found.md5}`;
  if (!needsEtag(expected, source) || expected.etag === null) return null;
  if (found.etag !== null && etagsMatch(expected.etag, found.etag, md5)) return null;
  return `ETag: wanted ${expected.etag}, found ${found.etag}`;
}

/** Where S3's ETag is no digest the MD5 alone decides, if the catalogue has one (CONTRACT §1). */
export const needsEtag = (expected: Expected, source: PinnedSource): boolean =>
  expected.etag !== null && (source.etagIsDigest || expected.md5 === null);

/**
 * Judges S3's own copy by its head. Returns null where it is the catalogue's, else why not: `corrupt` where S3 has other
 * bytes, `invalid` where S3 has the right bytes and the catalogue's size contradicts its own ETag.
 */
export function judgeSource(
  expected: Expected,
  source: PinnedSource,
  md5: Md5,
): { readonly kind: 'corrupt' | 'invalid'; readonly cause: string } | null {
  const etagProves = expected.etag !== null && source.etagIsDigest;
  if (etagProves && expected.etag !== null && !etagsMatch(expected.etag, source.etag, md5))
    return { kind: 'corrupt', cause: `ETag: the catalogue has ${expected.etag}, S3 has ${source.etag}` };
  if (expected.sizeBytes === null || expected.sizeBytes === source.sizeBytes) return null;
  const cause = `size: the catalogue has ${expected.sizeBytes} bytes, S3 has ${source.sizeBytes}`;
  return { kind: etagProves ? 'invalid' : 'corrupt', cause };
}
