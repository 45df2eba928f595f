import { crc32 } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crc32Combine, EMPTY_CRC32 } from '../../core/crc32.js';

describe('combined CRC32s', () => {
  test('are those of the bytes together', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (one, other) => {
        const together = crc32(Buffer.concat([one, other]));
        expect(crc32Combine(crc32(one), crc32(other), other.length)).toBe(together);
      }),
    );
  });

  test('do not change by no bytes', () => {
    expect(crc32Combine(0xdeadbeef, EMPTY_CRC32, 0)).toBe(0xdeadbeef);
    expect(crc32Combine(EMPTY_CRC32, 0xdeadbeef, 123)).toBe(0xdeadbeef);
  });

  test('are the same in whatever order pieces are joined, also beyond 32 bits of length', () => {
    const length = fc.integer({ min: 1, max: 2 ** 45 });
    const crc = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(crc, crc, length, crc, length, (a, b, bBytes, c, cBytes) => {
        const leftFirst = crc32Combine(crc32Combine(a, b, bBytes), c, cBytes);
        expect(leftFirst).toBe(crc32Combine(a, crc32Combine(b, c, cBytes), bBytes + cBytes));
      }),
    );
  });
});
