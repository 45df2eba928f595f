import { describe, expect, test } from '@jest/globals';
import { isSuccess, statusText } from '../../core/outcome.js';
import type { Ending } from '../../core/outcome.js';

/** The sentences of CONTRACT §1, in its order, with every choice that it allows. */
const CONTRACT = [
  'OK - Downloaded and verified (X MB in Ys)',
  'OK - Skipped (already exists)',
  'OK - Self-healed (hash mismatch detected, re-downloaded)',
  'OK - Verified (verify only)',
  'FAILURE - S3 corruption detected (etag mismatch)',
  'FAILURE - S3 file not found',
  'FAILURE - S3 bucket not found',
  'FAILURE - S3 access denied',
  'FAILURE - S3 object is archived (<storage class>)',
  'FAILURE - S3 object changed during download',
  'FAILURE - Download verification failed',
  'FAILURE - Download failed (<short cause>)',
  'FAILURE - Disk full',
  'FAILURE - Local file is wrong (verify only)',
  'FAILURE - Local file is missing (verify only)',
  'FAILURE - Unsafe path',
  'FAILURE - Path collision (<other file>)',
  'FAILURE - Catalogue entry invalid (<what>)',
  'FAILURE - Cannot write (<errno>)',
  'FAILURE - Not started (deadline)',
  'FAILURE - Not started (cancelled)',
  'FAILURE - Not started (disk full)',
  'FAILURE - Interrupted (deadline)',
  'FAILURE - Interrupted (cancelled)',
];

/** Typed by the union: an ending without an entry here does not compile. */
const ENDINGS: { readonly [Code in Ending['code']]: readonly Extract<Ending, { code: Code }>[] } = {
  downloaded: [{ code: 'downloaded', bytes: 1_294_567_890, elapsedMs: 45_210 }],
  skipped: [{ code: 'skipped' }],
  healed: [{ code: 'healed' }],
  verified: [{ code: 'verified' }],
  's3-corrupt': [{ code: 's3-corrupt' }],
  's3-missing': [{ code: 's3-missing' }],
  'bucket-missing': [{ code: 'bucket-missing' }],
  's3-denied': [{ code: 's3-denied' }],
  's3-archived': [{ code: 's3-archived', storageClass: '<storage class>' }],
  's3-changed': [{ code: 's3-changed' }],
  'verification-failed': [{ code: 'verification-failed' }],
  'download-failed': [{ code: 'download-failed', cause: '<short cause>' }],
  'disk-full': [{ code: 'disk-full' }],
  'local-wrong': [{ code: 'local-wrong' }],
  'local-missing': [{ code: 'local-missing' }],
  'unsafe-path': [{ code: 'unsafe-path' }],
  collision: [{ code: 'collision', other: '<other file>' }],
  'invalid-entry': [{ code: 'invalid-entry', what: '<what>' }],
  'cannot-write': [{ code: 'cannot-write', errno: '<errno>' }],
  'not-started': (['deadline', 'cancelled', 'disk full'] as const).map((reason) => ({
    code: 'not-started',
    reason,
  })),
  interrupted: (['deadline', 'cancelled'] as const).map((reason) => ({ code: 'interrupted', reason })),
};
const endings: readonly Ending[] = Object.values(ENDINGS).flat();
const asInContract = (ending: Ending): string =>
  statusText(ending).replace('1234.6 MB in 45.2s', 'X MB in Ys');

describe('the status texts', () => {
  test.each(endings.map((ending) => [asInContract(ending), ending] as const))(
    'the contract has: %s',
    (text) => {
      expect(CONTRACT).toContain(text);
    },
  );

  test.each(CONTRACT)('the code has: %s', (text) => {
    expect(endings.map(asInContract)).toContain(text);
  });

  test('bytes are told in MB of 1,048,576 and time in seconds, each with one decimal', () => {
    expect(statusText({ code: 'downloaded', bytes: 1_294_567_890, elapsedMs: 45_210 })).toBe(
      'OK - Downloaded and verified (1234.6 MB in 45.2s)',
    );
    expect(statusText({ code: 'downloaded', bytes: 0, elapsedMs: 0 })).toBe(
      'OK - Downloaded and verified (0.0 MB in 0.0s)',
    );
  });

  test('a file succeeds exactly where its text begins with OK', () => {
    for (const ending of endings) expect(isSuccess(ending)).toBe(statusText(ending).startsWith('OK - '));
    expect(endings.filter(isSuccess)).toHaveLength(4);
  });
});
