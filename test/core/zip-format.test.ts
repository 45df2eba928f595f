import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { predictedSize } from '../../core/zip-directory.js';
import { layDirectory } from '../support/whole-zip.js';
import {
  centralRecord,
  centralRecordBytes,
  endRecords,
  endRecordsBytes,
  localHeader,
  localHeaderBytes,
} from '../../core/zip-format.js';
import type { ZipEntry } from '../../core/zip-records.js';

const MARK = 0xffffffff;

const entry = (changes: Partial<ZipEntry> = {}): ZipEntry => ({
  name: 'a.txt',
  mtimeS: Date.UTC(2025, 9, 19, 14, 30, 22) / 1000,
  method: 'store',
  crc32: 0x12345678,
  sizeBytes: 3,
  packedBytes: changes.sizeBytes ?? 3,
  ...changes,
});
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer);
const u16 = (bytes: Uint8Array, at: number): number => view(bytes).getUint16(at, true);
const u32 = (bytes: Uint8Array, at: number): number => view(bytes).getUint32(at, true);

/** The values in an entry's ZIP64 field, which is the first of its extra fields. */
function zip64Values(bytes: Uint8Array, extraAt: number, extraBytes: number): readonly number[] {
  if (extraBytes === 0 || u16(bytes, extraAt) !== 1) return [];
  const count = u16(bytes, extraAt + 2) / 8;
  return Array.from({ length: count }, (_, at) =>
    Number(view(bytes).getBigUint64(extraAt + 4 + 8 * at, true)),
  );
}
const localValues = (bytes: Uint8Array) => zip64Values(bytes, 30 + u16(bytes, 26), u16(bytes, 28));
const centralValues = (bytes: Uint8Array) => zip64Values(bytes, 46 + u16(bytes, 28), u16(bytes, 30));

describe('the records of an entry', () => {
  test('are these bytes', () => {
    const common = '14000000' + '0000cb73535b78563412' + '0300000003000000' + '05000900';
    const nameAndTime = '612e747874' + '5554050001fef5f468';
    expect(hex(localHeader(entry()))).toBe(`504b0304${common}${nameAndTime}`);
    expect(hex(centralRecord(entry(), 0x0102))).toBe(
      `504b01021403${common}${'0000'.repeat(3)}0000a48102010000${nameAndTime}`,
    );
  });

  test.each([
    ['store', 0],
    ['deflate', 8],
  ] as const)('name the method %s', (method, number) => {
    expect(u16(localHeader(entry({ method })), 8)).toBe(number);
    expect(u16(centralRecord(entry({ method }), 0), 10)).toBe(number);
  });

  test.each([
    ['a.txt', 0],
    ['ä.txt', 1 << 11],
    ['תיק.pdf', 1 << 11],
  ])('flag UTF-8 only where the name needs it, and never a data descriptor: %s', (name, flags) => {
    expect(u16(localHeader(entry({ name })), 6)).toBe(flags);
    expect(u16(centralRecord(entry({ name }), 0), 8)).toBe(flags);
  });

  test.each([-(2 ** 31) - 1, 2 ** 31])('leave out a timestamp that does not fit: %d', (mtimeS) => {
    expect(u16(localHeader(entry({ mtimeS })), 28)).toBe(0);
    expect(u16(centralRecord(entry({ mtimeS }), 0), 30)).toBe(0);
  });

  test.each<[string, Partial<ZipEntry>, number, readonly number[], readonly number[]]>([
    ['4 GiB - 2 and an offset of as much', { sizeBytes: MARK - 1 }, MARK - 1, [], []],
    ['4 GiB - 1, which is the mark itself', { sizeBytes: MARK }, 0, [MARK, MARK], [MARK, MARK]],
    ['4 GiB', { sizeBytes: 2 ** 32 }, 0, [2 ** 32, 2 ** 32], [2 ** 32, 2 ** 32]],
    ['4 GiB + 1', { sizeBytes: 2 ** 32 + 1 }, 0, [2 ** 32 + 1, 2 ** 32 + 1], [2 ** 32 + 1, 2 ** 32 + 1]],
    ['only the offset', {}, MARK, [], [MARK]],
    ['only the unpacked size', { sizeBytes: 2 ** 33, packedBytes: 5 }, 9, [2 ** 33, 5], [2 ** 33]],
    ['only the packed size', { sizeBytes: MARK - 1, packedBytes: MARK }, 9, [MARK - 1, MARK], [MARK]],
    ['all', { sizeBytes: 2 ** 45 }, 2 ** 46, [2 ** 45, 2 ** 45], [2 ** 45, 2 ** 45, 2 ** 46]],
  ])(
    'have a ZIP64 field for what does not fit and only for that: %s',
    (_, changes, offset, local, central) => {
      const [head, tail] = [localHeader(entry(changes)), centralRecord(entry(changes), offset)];
      expect([localValues(head), centralValues(tail)]).toEqual([local, central]);
      expect([u16(head, 4), u16(tail, 6)]).toEqual([
        local.length > 0 ? 45 : 20,
        central.length > 0 ? 45 : 20,
      ]);
      // A field is marked if and only if its value stands in the ZIP64 field (APPNOTE 4.5.3).
      const { packedBytes, sizeBytes } = entry(changes);
      const marked = [packedBytes, sizeBytes].map((value) => Math.min(value, MARK));
      expect([u32(head, 18), u32(head, 22)]).toEqual(
        local.length > 0 ? [MARK, MARK] : [packedBytes, sizeBytes],
      );
      expect([u32(tail, 20), u32(tail, 24), u32(tail, 42)]).toEqual([...marked, Math.min(offset, MARK)]);
    },
  );

  test('have the lengths that were foreseen', () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: MARK - 2, max: 2 ** 50 }));
    const mtimeS = fc.integer({ min: -(2 ** 33), max: 2 ** 33 });
    const name = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(name, mtimeS, size, size, size, (text, time, sizeBytes, packedBytes, offset) => {
        const one = entry({ name: text, mtimeS: time, sizeBytes, packedBytes });
        expect(localHeader(one).length).toBe(localHeaderBytes(one));
        expect(centralRecord(one, offset).length).toBe(centralRecordBytes(one, offset));
      }),
    );
  });
});

describe('the end of the directory', () => {
  test.each([
    ['nothing', { entries: 0, offset: 0, bytes: 0 }, 22],
    ['65,534 entries', { entries: 65_534, offset: 1, bytes: 1 }, 22],
    ['65,535 entries', { entries: 65_535, offset: 1, bytes: 1 }, 98],
    ['an offset of 4 GiB - 2', { entries: 1, offset: MARK - 1, bytes: 1 }, 22],
    ['an offset of 4 GiB - 1', { entries: 1, offset: MARK, bytes: 1 }, 98],
    ['a directory of 4 GiB', { entries: 65_535, offset: 1, bytes: 2 ** 32 }, 98],
  ])('has its ZIP64 form only where a value does not fit: %s', (_, directory, length) => {
    const bytes = endRecords(directory);
    expect([bytes.length, endRecordsBytes(directory)]).toEqual([length, length]);
    const { entries, offset, bytes: size } = directory;
    const marked = [Math.min(entries, 0xffff), Math.min(size, MARK), Math.min(offset, MARK)];
    const at = length - 22;
    expect([u16(bytes, at + 10), u32(bytes, at + 12), u32(bytes, at + 16)]).toEqual(marked);
    if (length === 22) return;
    const u64 = (place: number): number => Number(view(bytes).getBigUint64(place, true));
    expect([u64(4), u64(24), u64(32), u64(40), u64(48)]).toEqual([44, entries, entries, size, offset]);
    expect(u64(56 + 8)).toBe(offset + size);
  });
});

describe('a directory', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { maxLength: 30 });

  test('has the length that was foreseen, however the entries lie in segments', () => {
    fc.assert(
      fc.property(lengths, lengths, (one, other) => {
        const segments = [one, other].map((list) => {
          const entries = list.map((sizeBytes) => entry({ sizeBytes }));
          return { entries, bytes: entries.reduce((sum, e) => sum + localHeaderBytes(e) + e.sizeBytes, 0) };
        });
        const laid = layDirectory(segments);
        const entries = segments.flatMap((segment) => segment.entries);
        expect('problem' in laid ? laid.problem : laid.zipBytes).toBe(predictedSize(entries));
      }),
    );
  });

  test('is refused where a segment is not as long as its entries', () => {
    const right = { bytes: localHeaderBytes(entry()) + 3, entries: [entry()] };
    expect(layDirectory([right, { ...right, bytes: right.bytes + 1 }])).toEqual({
      problem: `segment 1: wanted ${right.bytes} bytes, found ${right.bytes + 1}`,
    });
  });
});
