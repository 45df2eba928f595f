import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findCollisions, isSafeProjectId, isSafeRelativePath, utf8Bytes } from '../../core/paths.js';

const LONGEST = 'a'.repeat(255);

describe('a relative path', () => {
  test.each([
    'sample.raw',
    'sample.d/analysis.tdf_bin',
    'with blanks/and more .raw',
    'Größe/Übung.raw',
    'Cafe\u0301.raw',
    '样品/数据.raw',
    '...',
    '..hidden',
    'a..b/c..',
    '.hidden',
    'C:',
    'back\\slash.raw',
    'line\nbreak',
    '-rf',
    LONGEST,
    `${LONGEST}/${LONGEST}`,
    'ü'.repeat(127),
  ])('may be a name on disk: %j', (path) => {
    expect(isSafeRelativePath(path)).toBe(true);
  });

  test.each([
    ['empty', ''],
    ['the folder itself', '.'],
    ['the folder above', '..'],
    ['up and out', '../../../etc/passwd'],
    ['up in the middle', 'a/../../b'],
    ['up at the end', 'a/..'],
    ['staying, by way of up', 'a/../b'],
    ['a dot component', './a'],
    ['absolute', '/etc/passwd'],
    ['two slashes at the start', '//server/share'],
    ['an empty component', 'a//b'],
    ['a folder', 'a/'],
    ['a drive', 'C:\\Windows\\system32'],
    ['a drive with a slash', 'c:/Windows'],
    ['a backslash at the start', '\\server\\share'],
    ['up with backslashes', '..\\..\\evil'],
    ['up with backslashes in the middle', 'a\\..\\..\\evil'],
    ['up with both slashes', 'good/..\\..\\evil'],
    ['up with both slashes, the other way round', 'good\\../evil'],
    ['a NUL', 'a\0b'],
    ['a NUL in a folder', 'a\0/b'],
    ['a component of 256 bytes', 'a'.repeat(256)],
    ['a folder of 256 bytes', `${'a'.repeat(256)}/b`],
    ['256 bytes in 128 characters', 'ü'.repeat(128)],
    ['one of our own temporary names', 'x.d/.stowage-0123456789abcdef.part'],
  ])('may not be a name on disk: %s', (_, path) => {
    expect(isSafeRelativePath(path)).toBe(false);
  });

  test('that is safe never leaves its folder', () => {
    const piece = fc.oneof(
      fc.constantFrom('..', '.', '', '/', '\\', 'C:', '\0', 'a', '..\\', '.. ', '%2e%2e', '~'),
      fc.string({ maxLength: 6, unit: 'binary' }),
    );
    const path = fc
      .array(fc.tuple(piece, fc.constantFrom('/', '', '\\')), { maxLength: 8 })
      .map((pieces) => pieces.flat().join(''));
    let safe = 0;
    fc.assert(
      fc.property(path, (relative) => {
        if (!isSafeRelativePath(relative)) return;
        safe += 1;
        expect(resolve('/fs/pool/PRID001', relative).startsWith('/fs/pool/PRID001/')).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(safe).toBeGreaterThan(100);
  });
});

describe('a project id', () => {
  test.each(['PRID001', '_FALLBACK', 'with blank', 'Ü', '..x', LONGEST])('may be a folder: %s', (id) => {
    expect(isSafeProjectId(id)).toBe(true);
  });

  test.each(['', '.', '..', '../../etc', 'a/b', '/', 'a\\b', 'a\0', 'a'.repeat(256), '.stowage'])(
    'may not be a folder: %j',
    (id) => {
      expect(isSafeProjectId(id)).toBe(false);
    },
  );
});

test.each([
  ['', 0],
  ['a', 1],
  ['ü', 2],
  ['€', 3],
  ['😀', 4],
])('%j has %i bytes', (text, bytes) => {
  expect(utf8Bytes(text)).toBe(bytes);
  expect(Buffer.byteLength(text)).toBe(bytes);
});

describe('files in each other’s way', () => {
  const collisionsOf = (...paths: readonly string[]): Readonly<Record<string, string>> =>
    Object.fromEntries(findCollisions(paths.map((path, at) => ({ path, label: `#${at}` }))));

  test('there are none among different files', () => {
    expect(collisionsOf('/d/a', '/d/b', '/d/c/a', '/d/ab', '/e/a')).toEqual({});
  });

  test('two on one path are both found', () => {
    expect(collisionsOf('/d/a', '/d/b', '/d/a')).toEqual({ 0: '#2', 2: '#0' });
  });

  test('a third one on the path is found too, and each is told of one other', () => {
    expect(collisionsOf('/d/a', '/d/a', '/d/a')).toEqual({ 0: '#1', 1: '#0', 2: '#0' });
  });

  test('a file where another needs a folder is found, at any depth and in any order', () => {
    expect(collisionsOf('/d/x', '/d/x/y/z')).toEqual({ 0: '#1', 1: '#0' });
    expect(collisionsOf('/d/x/y/z', '/d/x')).toEqual({ 0: '#1', 1: '#0' });
  });

  test('names that only begin alike are no collision', () => {
    expect(collisionsOf('/d/x', '/d/xy', '/d/x.d/y')).toEqual({});
  });
});
