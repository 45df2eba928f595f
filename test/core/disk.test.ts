import { describe, expect, test } from '@jest/globals';
import { refuseWithoutSpace } from '../../core/disk.js';
import type { SpaceClaim } from '../../core/disk.js';

const MIB = 1_048_576;
const GIB = 1024 * MIB;
const claim = (rawFileId: string, missingBytes: number, filesystem = 'pool'): SpaceClaim => ({
  rawFileId,
  filesystem,
  missingBytes,
});
const refusals = (claims: readonly SpaceClaim[], free: Readonly<Record<string, number>>) =>
  Object.fromEntries(refuseWithoutSpace(claims, new Map(Object.entries(free))));

describe('free space', () => {
  test('must hold what is missing and a tenth more, to the byte', () => {
    expect(refusals([claim('a', 10 * GIB)], { pool: 11 * GIB })).toEqual({});
    expect(refusals([claim('a', 10 * GIB)], { pool: 11 * GIB - 1 })).toEqual({
      a: 'Not enough disk space (need 11264.0 MB, free 11264.0 MB)',
    });
    expect(refusals([claim('a', 100)], { pool: 110 })).toEqual({});
  });

  test('is told in MB of 1,048,576 bytes', () => {
    expect(refusals([claim('a', 100 * MIB)], { pool: 20 * MIB })).toEqual({
      a: 'Not enough disk space (need 110.0 MB, free 20.0 MB)',
    });
  });

  test('is given in the order asked for; a later, smaller raw file may still fit', () => {
    const claims = [claim('first', 100), claim('too large', 100), claim('small', 10)];
    expect(Object.keys(refusals(claims, { pool: 130 }))).toEqual(['too large']);
  });

  test('what is refused takes no room', () => {
    expect(Object.keys(refusals([claim('huge', 1000), claim('fits', 100)], { pool: 110 }))).toEqual(['huge']);
  });

  test('is counted for each filesystem by itself', () => {
    const claims = [claim('a', 100, 'one'), claim('b', 100, 'two'), claim('c', 100, 'one')];
    expect(Object.keys(refusals(claims, { one: 110, two: 110 }))).toEqual(['c']);
  });

  test('does not matter where nothing is missing, even on a full disk', () => {
    expect(refusals([claim('a', 0)], { pool: 0 })).toEqual({});
  });

  test('does not matter where the filesystem is not known', () => {
    expect(refusals([claim('a', 10 * GIB, '')], { pool: 0 })).toEqual({});
  });
});
