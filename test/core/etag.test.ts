import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  EMPTY_MD5,
  etagOfParts,
  etagsMatch,
  normaliseEtag,
  parseCatalogueEtag,
  partRanges,
} from '../../core/etag.js';

const MIB = 1_048_576;
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const HELLO = '5d41402abc4b2a76b9719d911017c592';

describe('an ETag of the catalogue', () => {
  test('gives the ETag of several parts and its chunk size in bytes', () => {
    expect(parseCatalogueEtag('d8e8fca2dc0f896fd7cb4cb0031ba249-5__500')).toEqual({
      etag: 'd8e8fca2dc0f896fd7cb4cb0031ba249-5',
      partSizeBytes: 500 * MIB,
    });
  });

  test('of a single part has no dash, and a chunk size all the same', () => {
    expect(parseCatalogueEtag('d8e8fca2dc0f896fd7cb4cb0031ba249__500')).toEqual({
      etag: 'd8e8fca2dc0f896fd7cb4cb0031ba249',
      partSizeBytes: 500 * MIB,
    });
  });

  test('may be quoted, weak and in upper case', () => {
    expect(parseCatalogueEtag('W/"D8E8FCA2DC0F896FD7CB4CB0031BA249-5"__16')).toEqual({
      etag: 'd8e8fca2dc0f896fd7cb4cb0031ba249-5',
      partSizeBytes: 16 * MIB,
    });
  });

  test.each([
    ['xyz', 'ETag without "__": "xyz"'],
    ['', 'ETag without "__": ""'],
    [`${HELLO}_500`, `ETag without "__": "${HELLO}_500"`],
    ['xyz__500', 'ETag is not an MD5 with an optional part count: "xyz__500"'],
    ['__500', 'ETag is not an MD5 with an optional part count: "__500"'],
    [`${HELLO}-0__500`, `ETag is not an MD5 with an optional part count: "${HELLO}-0__500"`],
    [`${HELLO}-__500`, `ETag is not an MD5 with an optional part count: "${HELLO}-__500"`],
    [`${HELLO}__`, `chunk size is not a positive integer: "${HELLO}__"`],
    [`${HELLO}__0`, `chunk size is not a positive integer: "${HELLO}__0"`],
    [`${HELLO}__-1`, `chunk size is not a positive integer: "${HELLO}__-1"`],
    [`${HELLO}__abc`, `chunk size is not a positive integer: "${HELLO}__abc"`],
    [`${HELLO}__1.5`, `chunk size is not a positive integer: "${HELLO}__1.5"`],
    [`${HELLO}__1000000000`, `chunk size is not a positive integer: "${HELLO}__1000000000"`],
  ])('that cannot be read says why: %s', (text, problem) => {
    expect(parseCatalogueEtag(text)).toEqual({ problem });
  });

  test('that is very long is cut in the message', () => {
    const answer = parseCatalogueEtag('x'.repeat(5000));
    expect('problem' in answer && answer.problem.length).toBeLessThan(100);
  });
});

describe('the parts of an object', () => {
  test.each<[string, number, number, [number, number][]]>([
    ['no bytes: one empty part', 0, 8, [[0, 0]]],
    ['one byte less than a chunk: one part', 7, 8, [[0, 7]]],
    ['exactly a chunk: one part', 8, 8, [[0, 8]]],
    [
      'one byte more than a chunk: two parts',
      9,
      8,
      [
        [0, 8],
        [8, 9],
      ],
    ],
    [
      'exactly three chunks: three parts',
      24,
      8,
      [
        [0, 8],
        [8, 16],
        [16, 24],
      ],
    ],
    ['a chunk larger than the object: one part', 5, 500 * MIB, [[0, 5]]],
  ])('%s', (_, size, chunk, ranges) => {
    expect(partRanges(size, chunk)).toEqual(ranges);
  });
});

describe('the ETag of parts', () => {
  test('of an empty object is the MD5 of no bytes', () => {
    expect(md5(new Uint8Array())).toBe(EMPTY_MD5);
    expect(etagOfParts([EMPTY_MD5], md5)).toBe(EMPTY_MD5);
  });

  test('of one part is the MD5 of the bytes', () => {
    expect(etagOfParts([HELLO], md5)).toBe(HELLO);
  });

  test('of more parts is the MD5 of their digests with their number', () => {
    // printf of the two binary digests through md5sum
    expect(etagOfParts([HELLO, HELLO], md5)).toBe(`${md5(Buffer.from(HELLO + HELLO, 'hex'))}-2`);
  });

  test('equals an independent computation for any bytes and any chunk size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 60 }), (bytes, chunk) => {
        const parts = partRanges(bytes.length, chunk).map(([from, to]) => md5(bytes.slice(from, to)));
        expect(etagOfParts(parts, md5)).toBe(plainEtag(bytes, chunk));
      }),
    );
  });
});

/** As one would write it in five lines of a script. */
function plainEtag(bytes: Uint8Array, chunk: number): string {
  if (bytes.length <= chunk) return createHash('md5').update(bytes).digest('hex');
  const outer = createHash('md5');
  let count = 0;
  for (let at = 0; at < bytes.length; at += chunk, count += 1)
    outer.update(
      createHash('md5')
        .update(bytes.subarray(at, at + chunk))
        .digest(),
    );
  return `${outer.digest('hex')}-${count}`;
}

describe('two ETags', () => {
  const ofOnePart = `${md5(Buffer.from(HELLO, 'hex'))}-1`;

  test.each([
    ['the same', HELLO, HELLO],
    ['in another case', HELLO, HELLO.toUpperCase()],
    ['in quotes', HELLO, `"${HELLO}"`],
    ['weak', HELLO, `W/"${HELLO}"`],
    ['plain in the catalogue, multipart of one part in S3', HELLO, ofOnePart],
    ['multipart of one part in the catalogue, plain in S3', ofOnePart, HELLO],
    ['both multipart of one part', ofOnePart, `"${ofOnePart}"`],
    ['of several parts', `${HELLO}-3`, `"${HELLO}-3"`],
  ])('describe the same bytes: %s', (_, one, other) => {
    expect(etagsMatch(one, other, md5)).toBe(true);
  });

  test.each([
    ['another digest', HELLO, EMPTY_MD5],
    ['another number of parts', `${HELLO}-2`, `${HELLO}-3`],
    ['a plain digest and the same digits with a part count', HELLO, `${HELLO}-1`],
    ['a plain digest and several parts', HELLO, `${md5(Buffer.from(HELLO, 'hex'))}-2`],
    ['an empty text', HELLO, ''],
  ])('describe different bytes: %s', (_, one, other) => {
    expect(etagsMatch(one, other, md5)).toBe(false);
  });

  const anyEtag = fc
    .tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 8 }))
    .map(([bytes, chunk]) => plainEtag(bytes, chunk));

  test('match both ways or not at all, and each matches itself', () => {
    fc.assert(
      fc.property(anyEtag, anyEtag, (one, other) => {
        expect(etagsMatch(one, one, md5)).toBe(true);
        expect(etagsMatch(one, other, md5)).toBe(etagsMatch(other, one, md5));
      }),
    );
  });

  test('of different bytes never match, whether plain or multipart of one part', () => {
    const forms = (bytes: Uint8Array): readonly string[] => [
      md5(bytes),
      `${md5(Buffer.from(md5(bytes), 'hex'))}-1`,
      plainEtag(bytes, 4),
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }), (one, other) => {
        fc.pre(md5(one) !== md5(other));
        for (const a of forms(one)) for (const b of forms(other)) expect(etagsMatch(a, b, md5)).toBe(false);
      }),
    );
  });
});

test('an ETag loses its quotes, its weakness and its case', () => {
  expect(['"ABC-2"', 'W/"abc-2"', 'abc-2'].map(normaliseEtag)).toEqual(['abc-2', 'abc-2', 'abc-2']);
});
