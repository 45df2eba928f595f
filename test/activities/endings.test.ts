import { describe, expect, test } from '@jest/globals';
import { diagnose, errnoOf, isS3Broken, outcomeOf } from '../../activities/endings.js';
import { UnsafePath } from '../../activities/local-paths.js';
import { StoreProblem } from '../../activities/ports.js';

const diskError = (code: string): Error =>
  Object.assign(new Error(`${code}: write`), { code, syscall: 'write' });

describe('what is thrown becomes an ending, and whether another try can help', () => {
  test.each([
    [new StoreProblem('missing', 'x'), { code: 's3-missing' }, false],
    [new StoreProblem('bucket-missing', 'x'), { code: 'bucket-missing' }, false],
    [new StoreProblem('denied', 'x'), { code: 's3-denied' }, false],
    [
      new StoreProblem('archived', 'x', { detail: 'GLACIER' }),
      { code: 's3-archived', storageClass: 'GLACIER' },
      false,
    ],
    [new StoreProblem('archived', 'x'), { code: 's3-archived', storageClass: 'unknown' }, false],
    [new StoreProblem('changed', 'x'), { code: 's3-changed' }, false],
    [new StoreProblem('unavailable', 'no\n answer'), { code: 'download-failed', cause: 'no answer' }, true],
    [new UnsafePath('x'), { code: 'unsafe-path' }, false],
    [diskError('ENOSPC'), { code: 'disk-full' }, false],
    [diskError('EDQUOT'), { code: 'disk-full' }, false],
    [diskError('EACCES'), { code: 'cannot-write', errno: 'EACCES' }, false],
    [diskError('EROFS'), { code: 'cannot-write', errno: 'EROFS' }, false],
    [diskError('EIO'), { code: 'cannot-write', errno: 'EIO' }, true],
    [diskError('ESTALE'), { code: 'cannot-write', errno: 'ESTALE' }, true],
    [new Error('something else'), { code: 'download-failed', cause: 'something else' }, true],
    ['a text', { code: 'download-failed', cause: 'a text' }, true],
    [undefined, { code: 'download-failed', cause: 'undefined' }, true],
  ])('%s', (error, ending, retryable) => {
    expect(diagnose(error)).toMatchObject({ ending, retryable });
  });

  test('a long cause is cut in the report’s line, and whole in the evidence', () => {
    const { ending, cause } = diagnose(new Error('x'.repeat(500)));
    expect(ending).toEqual({ code: 'download-failed', cause: `${'x'.repeat(159)}…` });
    expect(cause).toHaveLength(500);
  });
});

test('an errno is what has a code and a syscall, of whichever realm', () => {
  expect(errnoOf(diskError('EIO'))).toBe('EIO');
  expect(errnoOf({ code: 'EIO', syscall: 'read', message: 'from elsewhere' })).toBe('EIO');
  expect(errnoOf(Object.assign(new Error('no disk'), { code: 'ERR_INVALID_ARG_TYPE' }))).toBeNull();
  expect(errnoOf(null)).toBeNull();
});

test('S3 is the broken side in six endings, and the disk in none of them', () => {
  const broken = ['s3-corrupt', 's3-missing', 'bucket-missing', 's3-denied', 's3-changed'] as const;
  for (const code of broken) expect(isS3Broken({ code })).toBe(true);
  expect(isS3Broken({ code: 's3-archived', storageClass: 'GLACIER' })).toBe(true);
  for (const code of ['disk-full', 'verification-failed', 'unsafe-path', 'skipped'] as const)
    expect(isS3Broken({ code })).toBe(false);
  expect(isS3Broken({ code: 'download-failed', cause: 'x' })).toBe(false);
});

test('an outcome has nothing but what was measured', () => {
  expect(outcomeOf(3, { code: 'skipped' }, { s3Etag: 'x' })).toEqual({
    index: 3,
    ending: { code: 'skipped' },
    bytes: 0,
    elapsedMs: 0,
    evidence: { s3Etag: 'x', localEtag: null, localMd5: null, versionId: null, attempts: 0, cause: null },
  });
});
