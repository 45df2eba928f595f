import { expect, test } from '@jest/globals';
import { manifestContent } from '../support/whole-zip.js';

const text = (...args: Parameters<typeof manifestContent>): string =>
  Buffer.from(manifestContent(...args)).toString();

test('a manifest says what is in the ZIP and what is missing, and why', () => {
  const included = [
    { origin: { uri: 's3://b/ä' }, entry: { name: 'ä.bin', sizeBytes: 5, crc32: 0xabc } },
    { origin: { id: '1' }, entry: { name: 'b', sizeBytes: 0, crc32: 0 } },
  ];
  const missing = [{ reason: 'not found', uri: 's3://b/c', name: 'c.bin' }];
  expect(JSON.parse(text(included, missing))).toEqual({
    status: 'partial',
    included: [
      { name: 'ä.bin', uri: 's3://b/ä', size_bytes: 5, crc32: '00000abc' },
      { name: 'b', id: '1', size_bytes: 0, crc32: '00000000' },
    ],
    missing: [{ name: 'c.bin', uri: 's3://b/c', reason: 'not found' }],
  });
  const otherOrder = missing.map(({ reason, uri, name }) => ({ name, uri, reason }));
  expect(text(included, otherOrder)).toBe(text(included, missing));
});

test('a manifest without anything missing says so', () => {
  expect(text([], [])).toBe('{\n  "status": "complete",\n  "included": [],\n  "missing": []\n}\n');
});
