import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MIN_PART_BYTES } from '../../core/zip-budget.js';
import { mergeUndersized } from '../../core/zip-merge.js';
import { MEBIBYTE } from '../../core/units.js';

const built = (...mebibytes: readonly (number | readonly number[])[]) =>
  mebibytes.map((parts, segment) => ({
    segment,
    firstPart: 1 + 10 * segment,
    partBytes: [parts].flat().map((part) => part * MEBIBYTE),
  }));

describe('segments that came out too small', () => {
  test.each([
    ['are none', built(16, [5, 512], 5), { rebuilt: [], tail: [] }],
    [
      'go in front of the next',
      built(16, 4, 16, 16),
      { rebuilt: [{ part: 21, segments: [1, 2] }], tail: [] },
    ],
    ['go in front of a copy', built(1, [6, 512]), { rebuilt: [{ part: 11, segments: [0, 1] }], tail: [] }],
    [
      'are collected',
      built(2, 2, 2, 2, 8),
      {
        rebuilt: [
          { part: 21, segments: [0, 1, 2] },
          { part: 41, segments: [3, 4] },
        ],
        tail: [],
      },
    ],
    ['at the end go in front of the directory', built(16, 2, 1), { rebuilt: [], tail: [1, 2] }],
    ['do not count when they are empty', built(16, 0, [], 16), { rebuilt: [], tail: [] }],
  ])('%s', (_, segments, plan) => expect(mergeUndersized(segments)).toEqual(plan));

  test('leave only parts that S3 takes, each byte once and in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 * MIN_PART_BYTES })), (bytes) => {
        const plan = mergeUndersized(
          bytes.map((own, segment) => ({ segment, firstPart: segment + 1, partBytes: [own] })),
        );
        const merged = plan.rebuilt.map(({ segments }) => segments);
        const named = new Set([...merged.flat(), ...plan.tail]);
        const kept = bytes.map((_, at) => [at]).filter(([at = -1]) => !named.has(at) && bytes[at] !== 0);
        for (const part of [...merged, ...kept])
          expect(part.reduce((sum, at) => sum + (bytes[at] ?? 0), 0)).toBeGreaterThanOrEqual(MIN_PART_BYTES);
        const order = [...merged, ...kept].toSorted(([one = 0], [other = 0]) => one - other).flat();
        expect([...order, ...plan.tail]).toEqual([...bytes.keys()].filter((at) => bytes[at] !== 0));
      }),
    );
  });
});
