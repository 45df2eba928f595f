import { describe, expect, test } from '@jest/globals';
import { Double, Int32, Long } from 'mongodb';
import { parseFileInfo } from '../../core/plan.js';
import { ETAG, MD5, MIB, planOfDocument } from '../support/raw-file-document.js';

describe('a file that cannot be tried fails alone', () => {
  test.each([
    ['no "__"', [1, MD5, 'xyz'], 'ETag without "__": "xyz"'],
    ['a chunk size of 0', [1, MD5, `${MD5}__0`], `chunk size is not a positive integer: "${MD5}__0"`],
    ['a negative chunk size', [1, MD5, `${MD5}__-1`], `chunk size is not a positive integer: "${MD5}__-1"`],
    [
      'a chunk size of letters',
      [1, MD5, `${MD5}__abc`],
      `chunk size is not a positive integer: "${MD5}__abc"`,
    ],
    ['no list', 'text', 'not a list'],
    ['null', null, 'not a list'],
    ['an object', { size: 1 }, 'not a list'],
    ['one item', [1], 'a list of 1, not of 2 or 3'],
    ['four items', [1, MD5, null, 4], 'a list of 4, not of 2 or 3'],
    ['a negative size', [-1, MD5], 'size is not a whole number of bytes: -1'],
    ['half a byte', [1.5, MD5], 'size is not a whole number of bytes: 1.5'],
    ['a size as text', ['12', MD5], 'size is not a whole number of bytes: 12'],
    ['a size that is true', [true, MD5], 'size is not a whole number of bytes: true'],
    ['a size that is not a number', [Number.NaN, MD5], 'size is not a whole number of bytes: NaN'],
    ['a size that is a list', [[], MD5], 'size is not a whole number of bytes: '],
    ['an MD5 of other letters', [1, 'xyz'], 'MD5 is not 32 hexadecimal digits'],
    ['an MD5 that is a number', [1, 7], 'MD5 is not 32 hexadecimal digits'],
    ['an ETag that is a number', [1, MD5, 7], 'ETag is not a text'],
    ['no digest at all', [1, null], 'neither MD5 nor ETag'],
    ['no digest in three items', [1, null, null], 'neither MD5 nor ETag'],
  ])('its entry has %s', (_, item, what) => {
    const { error, files } = planOfDocument({ file_info: { 'bad.raw': item, 'good.raw': [1, MD5] } });
    expect(error).toBeNull();
    expect(files.map(({ refused }) => refused)).toEqual([{ code: 'invalid-entry', what }, null]);
  });

  test.each(['../up.raw', '/etc/passwd', 'C:\\evil', 'a\0b', 'a'.repeat(256)])('its path is %j', (path) => {
    const { error, files } = planOfDocument({ file_info: { [path]: [1, MD5], 'good.raw': [1, MD5] } });
    expect(error).toBeNull();
    expect(files.map(({ refused }) => refused)).toEqual([{ code: 'unsafe-path' }, null]);
  });
});

describe('an entry of file_info', () => {
  test.each<[string, unknown, number | null]>([
    ['int32', 4096, 4096],
    ['double', 4096.0, 4096],
    ['int64 above 4 GB', 50 * 1024 ** 3, 50 * 1024 ** 3],
    ['bigint', 53_687_091_200n, 53_687_091_200],
    ['the driver’s Long', Long.fromString('53687091200'), 53_687_091_200],
    ['the driver’s Double', new Double(4096), 4096],
    ['the driver’s Int32', new Int32(4096), 4096],
    ['zero', 0, 0],
    ['null', null, null],
    ['absent', undefined, null],
  ])('may have a size that is %s', (_, size, sizeBytes) => {
    expect(parseFileInfo([size, MD5])).toMatchObject({ sizeBytes });
  });

  test('may not have a size that no file can have', () => {
    expect(parseFileInfo([Long.MAX_VALUE, MD5])).toEqual({
      problem: 'size is not a whole number of bytes: 9223372036854775807',
    });
  });

  test('of two items is verified by MD5 and size', () => {
    const expected = { sizeBytes: 5, md5: MD5, etag: null, partSizeBytes: 64 * MIB };
    expect(parseFileInfo([5, MD5])).toEqual(expected);
    expect(parseFileInfo([5, MD5, null])).toEqual(expected);
  });

  test('of three items gives ETag and chunk size', () => {
    expect(parseFileInfo([5, MD5, `${ETAG}__16`])).toEqual({
      sizeBytes: 5,
      md5: MD5,
      etag: ETAG,
      partSizeBytes: 16 * MIB,
    });
  });

  test('may do without an MD5 where it has an ETag', () => {
    expect(parseFileInfo([null, null, `${ETAG}__16`])).toMatchObject({ md5: null, etag: ETAG });
  });

  test('may have its MD5 in upper case', () => {
    expect(parseFileInfo([5, MD5.toUpperCase()])).toMatchObject({ md5: MD5 });
  });
});
