import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { findMismatch, judgeSource, needsEtag } from '../../core/verify.js';

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const [GOOD, BAD] = [md5(Buffer.from('good')), md5(Buffer.from('bad'))];
const onePart = (plain: string): string => `${md5(Buffer.from(plain, 'hex'))}-1`;

const expected = (sizeBytes: number | null, md5Hex: string | null, etag: string | null) => ({
  sizeBytes,
  md5: md5Hex,
  etag,
  partSizeBytes: 1_048_576,
});
const source = (sizeBytes: number, etag: string, etagIsDigest = true) => ({
  etag: `"${etag}"`,
  versionId: null,
  sizeBytes,
  etagIsDigest,
});

describe('S3’s own copy', () => {
  test.each([
    ['the ETag matches', expected(4, GOOD, GOOD), source(4, GOOD)],
    ['the ETag matches and the catalogue has no size', expected(null, GOOD, GOOD), source(4, GOOD)],
    ['it was a multipart upload of one part', expected(4, GOOD, GOOD), source(4, onePart(GOOD))],
    ['KMS: the ETag says nothing, the size matches', expected(4, GOOD, GOOD), source(4, BAD, false)],
    ['KMS without a size', expected(null, GOOD, GOOD), source(4, BAD, false)],
    ['there is only an MD5, which S3 cannot tell', expected(4, GOOD, null), source(4, BAD)],
  ])('is the catalogue’s: %s', (_, wanted, found) => {
    expect(judgeSource(wanted, found, md5)).toBeNull();
  });

  test('has other bytes where its ETag is another one, whatever its size', () => {
    const cause = `ETag: the catalogue has ${GOOD}, S3 has "${BAD}"`;
    expect(judgeSource(expected(4, GOOD, GOOD), source(4, BAD), md5)).toEqual({ kind: 'corrupt', cause });
    expect(judgeSource(expected(4, GOOD, GOOD), source(9, BAD), md5)).toEqual({ kind: 'corrupt', cause });
  });

  test.each([
    ['under KMS', expected(4, GOOD, GOOD), source(9, BAD, false)],
    ['without an ETag in the catalogue', expected(4, GOOD, null), source(9, GOOD)],
  ])('has other bytes where its size is another one and no ETag proves it right: %s', (_, wanted, found) => {
    expect(judgeSource(wanted, found, md5)).toEqual({
      kind: 'corrupt',
      cause: 'size: the catalogue has 4 bytes, S3 has 9',
    });
  });

  test('is right and the catalogue’s entry invalid where the ETag matches and the size does not', () => {
    expect(judgeSource(expected(4, GOOD, GOOD), source(9, GOOD), md5)).toEqual({
      kind: 'invalid',
      cause: 'size: the catalogue has 4 bytes, S3 has 9',
    });
  });
});

describe('local bytes', () => {
  const found = (sizeBytes: number, md5Hex: string | null, etag: string | null) => ({
    sizeBytes,
    md5: md5Hex,
    etag,
  });

  test.each([
    ['size, MD5 and ETag agree', expected(4, GOOD, GOOD), source(4, GOOD), found(4, GOOD, GOOD)],
    [
      'no size in the catalogue: S3’s counts',
      expected(null, GOOD, GOOD),
      source(4, GOOD),
      found(4, GOOD, GOOD),
    ],
    ['no MD5 in the catalogue', expected(4, null, GOOD), source(4, GOOD), found(4, null, GOOD)],
    ['no ETag in the catalogue', expected(4, GOOD, null), source(4, BAD), found(4, GOOD, null)],
    ['the ETag in its other form', expected(4, null, onePart(GOOD)), source(4, GOOD), found(4, null, GOOD)],
    ['KMS: the MD5 alone decides', expected(4, GOOD, BAD), source(4, BAD, false), found(4, GOOD, null)],
    [
      'KMS without an MD5: the ETag decides',
      expected(4, null, GOOD),
      source(4, BAD, false),
      found(4, null, GOOD),
    ],
  ])('are right: %s', (_, wanted, at, measured) => {
    expect(findMismatch(wanted, at, measured, md5)).toBeNull();
  });

  test.each([
    [
      'too short',
      expected(4, GOOD, GOOD),
      source(4, GOOD),
      found(3, GOOD, GOOD),
      'size: wanted 4 bytes, found 3',
    ],
    [
      'longer than S3’s',
      expected(null, GOOD, GOOD),
      source(4, GOOD),
      found(5, GOOD, GOOD),
      'size: wanted 4 bytes, found 5',
    ],
    [
      'another MD5, although the ETag agrees',
      expected(4, GOOD, GOOD),
      source(4, GOOD),
      found(4, BAD, GOOD),
      `MD5: wanted ${GOOD}, found ${BAD}`,
    ],
    [
      'another ETag, although the MD5 agrees',
      expected(4, GOOD, GOOD),
      source(4, GOOD),
      found(4, GOOD, BAD),
      `ETag: wanted ${GOOD}, found ${BAD}`,
    ],
    [
      'no MD5 was measured',
      expected(4, GOOD, null),
      source(4, GOOD),
      found(4, null, null),
      `MD5: wanted ${GOOD}, found null`,
    ],
    [
      'no ETag was measured',
      expected(4, null, GOOD),
      source(4, GOOD),
      found(4, null, null),
      `ETag: wanted ${GOOD}, found null`,
    ],
    [
      'KMS: another MD5',
      expected(4, GOOD, GOOD),
      source(4, BAD, false),
      found(4, BAD, null),
      `MD5: wanted ${GOOD}, found ${BAD}`,
    ],
    [
      'KMS without an MD5: another ETag',
      expected(4, null, GOOD),
      source(4, BAD, false),
      found(4, null, BAD),
      `ETag: wanted ${GOOD}, found ${BAD}`,
    ],
  ])('are wrong: %s', (_, wanted, at, measured, mismatch) => {
    expect(findMismatch(wanted, at, measured, md5)).toBe(mismatch);
  });

  /** catalogue has MD5?, catalogue has ETag?, S3’s ETag is a digest? → is the local ETag needed? */
  test.each([
    [true, true, true, true],
    [true, true, false, false],
    [true, false, true, false],
    [true, false, false, false],
    [false, true, true, true],
    [false, true, false, true],
  ])('MD5 %s, ETag %s, digest in S3 %s: the ETag is needed: %s', (hasMd5, hasEtag, digest, needed) => {
    expect(needsEtag(expected(4, hasMd5 ? GOOD : null, hasEtag ? GOOD : null), source(4, GOOD, digest))).toBe(
      needed,
    );
  });
});
