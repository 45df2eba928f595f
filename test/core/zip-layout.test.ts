import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LARGE_BYTES, MAX_COPIED, MAX_PART_BYTES, MAX_PARTS, MIN_PART_BYTES } from '../../core/zip-budget.js';
import { localHeaderBytes } from '../../core/zip-format.js';
import { layOutZip } from '../../core/zip-layout.js';
import { MEBIBYTE } from '../../core/units.js';
import {
  piecesOf,
  realigned,
  type LayoutEntry,
  type ZipLayout,
  type ZipSegment,
} from '../../core/zip-segments.js';

const GIB = 1024 * MEBIBYTE;
const TIB = 1024 * GIB;

const entry = (sizeBytes: number, method: LayoutEntry['method'] = 'store'): LayoutEntry => ({
  name: 'file.bin',
  mtimeS: 1_700_000_000,
  sizeBytes,
  method,
});
const laidOut = (entries: readonly LayoutEntry[]): ZipLayout => {
  const layout = layOutZip(entries);
  if ('problem' in layout) throw new Error(layout.problem);
  return layout;
};
const sizes = (...list: readonly number[]): readonly LayoutEntry[] => list.map((size) => entry(size));
const times = (count: number, size: number): readonly LayoutEntry[] =>
  Array<LayoutEntry>(count).fill(entry(size));

const headerOf = (one: LayoutEntry): number => localHeaderBytes({ ...one, packedBytes: one.sizeBytes });

/** The bytes of each part of a segment of stored entries. */
function partBytes(segment: ZipSegment, entries: readonly LayoutEntry[]): readonly number[] {
  const pieces = piecesOf(segment, entries);
  const glue = pieces
    .filter(({ kind }) => kind === 'glue')
    .reduce((sum, { entry: at, from, to }) => sum + to - from + headerOf(entries[at] as LayoutEntry), 0);
  return [glue, ...pieces.filter(({ kind }) => kind === 'copy').map(({ from, to }) => to - from)];
}

function expectEveryByteOnce(layout: ZipLayout, entries: readonly LayoutEntry[]): void {
  const pieces = layout.segments.flatMap((segment) => piecesOf(segment, entries));
  let [place, next] = [-1, 0];
  const complete = (): boolean => place < 0 || next === entries[place]?.sizeBytes;
  for (const { entry: at, from, to } of pieces) {
    if (at !== place && (!complete() || at !== place + 1))
      throw new Error(`entry ${place} ends at ${next}, then ${at}`);
    if (at !== place) [place, next] = [at, 0];
    if (from !== next || to < from) throw new Error(`entry ${at}: ${from}…${to} after ${next}`);
    next = to;
  }
  expect([place, complete()]).toEqual([entries.length - 1, true]);
}

function expectPartsInOrder({ segments, finalPart }: ZipLayout): void {
  let next = 1;
  for (const { firstPart, parts } of segments) {
    expect(firstPart).toBe(next);
    next += parts;
  }
  expect(finalPart).toBe(next);
  expect(finalPart).toBeLessThanOrEqual(MAX_PARTS);
}

function expectPartsOfAllowedSize({ segments }: ZipLayout, entries: readonly LayoutEntry[]): void {
  const all = segments.flatMap((segment) => {
    const bytes = partBytes(segment, entries);
    expect(bytes.length).toBe(segment.parts);
    return bytes;
  });
  const last = segments.at(-1)?.kind === 'run' ? -1 : all.length;
  expect(Math.min(...all.slice(0, last), MIN_PART_BYTES)).toBe(MIN_PART_BYTES);
  expect(Math.max(...all, 0)).toBeLessThanOrEqual(MAX_PART_BYTES);
}

const expectSound = (entries: readonly LayoutEntry[]): void => {
  const layout = laidOut(entries);
  expectPartsInOrder(layout);
  if (entries.length > 0) expectEveryByteOnce(layout, entries);
  if (entries.every(({ method }) => method === 'store')) expectPartsOfAllowedSize(layout, entries);
};

describe('a layout', () => {
  test('of nothing is one part for the directory', () => {
    expect(laidOut([])).toEqual({ segments: [], finalPart: 1 });
  });

  test('collects small entries up to 16 MiB', () => {
    const { segments } = laidOut(times(40, MEBIBYTE));
    expect(segments.map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ['run', 0, 16],
      ['run', 16, 32],
      ['run', 32, 40],
    ]);
  });

  test('copies what is large, glued to what comes before it', () => {
    const entries = sizes(MEBIBYTE, 600 * MEBIBYTE, 6 * MEBIBYTE, 40 * MEBIBYTE);
    const { segments } = laidOut(entries);
    const headBytes = MIN_PART_BYTES - MEBIBYTE - 2 * headerOf(entry(1));
    const half = headBytes + Math.ceil((600 * MEBIBYTE - headBytes) / 2);
    expect(segments).toEqual([
      {
        kind: 'copy',
        firstPart: 1,
        parts: 3,
        from: 0,
        to: 2,
        headBytes,
        copies: [
          { from: headBytes, to: half },
          { from: half, to: 600 * MEBIBYTE },
        ],
      },
      {
        kind: 'copy',
        firstPart: 4,
        parts: 2,
        from: 2,
        to: 4,
        headBytes: 0,
        copies: [{ from: 0, to: 40 * MEBIBYTE }],
      },
    ]);
  });

  test('reserves part numbers for a large entry that is deflated', () => {
    const entries = [entry(160 * MEBIBYTE, 'deflate'), entry(1)];
    const { segments, finalPart } = laidOut(entries);
    expect(segments[0]).toEqual({
      kind: 'deflate',
      firstPart: 1,
      parts: 11,
      from: 0,
      to: 1,
      partBytes: 16 * MEBIBYTE,
    });
    expect([segments[1]?.firstPart, finalPart]).toEqual([12, 13]);
    expect(piecesOf(segments[0] as ZipSegment, entries)).toEqual([
      { kind: 'deflate', entry: 0, from: 0, to: 160 * MEBIBYTE },
    ]);
  });

  test('collects more of what will be deflated', () => {
    const { segments } = laidOut(Array<LayoutEntry>(60).fill(entry(MEBIBYTE, 'deflate')));
    expect(segments.map(({ from, to }) => to - from)).toEqual([48, 12]);
  });

  const size = fc.oneof(
    fc.integer({ min: 0, max: 100_000 }),
    fc.integer({ min: 0, max: LARGE_BYTES }),
    fc.integer({ min: LARGE_BYTES - 10, max: 2 * GIB }),
    fc.constantFrom(LARGE_BYTES - 1, LARGE_BYTES, 512 * MEBIBYTE, 5 * GIB, 2 ** 32 - 1, 2 ** 32),
    fc.integer({ min: 0, max: 2 * TIB }),
  );
  test('has each byte of each entry in one piece, and only parts that S3 takes, up to terabytes', () => {
    fc.assert(
      fc.property(fc.array(size, { maxLength: 40 }), (list) => expectSound(sizes(...list))),
      { numRuns: 500 },
    );
  });

  test('has at most 10,000 parts also with entries that are deflated', () => {
    const mixed = fc.record({ size, method: fc.constantFrom<LayoutEntry['method']>('store', 'deflate') });
    fc.assert(
      fc.property(fc.array(mixed, { maxLength: 40 }), (list) =>
        expectSound(list.map(({ size: bytes, method }) => entry(bytes, method))),
      ),
    );
  });

  test.each<[string, readonly LayoutEntry[]]>([
    ['6,000 objects of 100 MiB', times(6000, 100 * MEBIBYTE)],
    ['20,000 objects of 40 MiB', times(20_000, 40 * MEBIBYTE)],
    ['100,000 objects of 20 MiB', times(100_000, 20 * MEBIBYTE)],
    ['4,000 objects of 5 GiB', times(4000, 5 * GIB)],
    ['small and large ones in turn', times(4500, MEBIBYTE).flatMap((small) => [small, entry(33 * MEBIBYTE)])],
    ['one object of 20 TiB', sizes(20 * TIB)],
    ['200,000 empty ones', times(200_000, 0)],
  ])('keeps S3’s limits: %s', (_, entries) => expectSound(entries));

  test('copies the largest when there are more than parts allow', () => {
    const entries = [...times(MAX_COPIED, 40 * MEBIBYTE), ...times(100, GIB)];
    const copied = laidOut(entries).segments.filter(({ kind }) => kind === 'copy');
    expect(copied.length).toBe(MAX_COPIED);
    expect(copied.filter(({ to }) => to > MAX_COPIED).length).toBe(100);
  });

  test('is refused when no 10,000 parts can hold it', () => {
    expect(layOutZip(sizes(60 * TIB))).toEqual({ problem: 'the ZIP would need 12290 parts; S3 takes 10000' });
  });
});

describe('a segment whose small entries dropped out', () => {
  test('takes more of the large entry into its first part', () => {
    const { segments } = laidOut(sizes(10 * MEBIBYTE, 100 * MEBIBYTE));
    const [segment] = segments;
    if (segment?.kind !== 'copy') throw new Error('not a copy');
    const again = realigned(segment, 100);
    expect(again.headBytes).toBe(MIN_PART_BYTES - 100);
    expect(again.copies).toEqual([{ from: MIN_PART_BYTES - 100, to: 100 * MEBIBYTE }]);
    expect(realigned(segment, 10 * MEBIBYTE)).toEqual(segment);
  });
});
