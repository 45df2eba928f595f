/** Our ZIPs, read by other people's programs. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MIN_PART_BYTES } from '../../core/zip-budget.js';
import { predictedSize } from '../../core/zip-directory.js';
import { MEBIBYTE } from '../../core/units.js';
import { assembleZip, layoutEntry, type AssembledZip, type TestFile } from '../support/assemble-zip.js';
import { listingReaders, testingReaders, type ReadEntry } from '../support/zip-readers.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-zip-'));
});
afterAll(() => rm(folder, { recursive: true }));

const text = (words: string): Uint8Array => Buffer.from(words);
const lines = (count: number): Uint8Array => text('the same line again and again\n'.repeat(count));

const NAMES: readonly TestFile[] = [
  { name: 'document.pdf', content: text('one'), mtimeS: 1_763_726_400 },
  { name: 'document (2).pdf', content: text('two'), mtimeS: 0 },
  { name: 'Größe.txt', content: text('drei'), mtimeS: 2_147_483_647 },
  { name: 'תיק רפואי.pdf', content: text('ארבע'), mtimeS: 1_709_164_801 },
  { name: '样品 😀.bin', content: new Uint8Array(0) },
  { name: `${'é'.repeat(125)}.txt`, content: text('long') },
  { name: 'folder/in a folder.txt', content: lines(1000), method: 'deflate' },
  { name: 'folder/random.bin', content: randomBytes(5000), method: 'deflate' },
];

const numbered = (count: number): readonly TestFile[] =>
  Array.from({ length: count }, (_, at) => ({ name: `${at}.txt`, content: text(String(at)) }));

const MIXED: readonly TestFile[] = [
  { name: 'small before.bin', content: randomBytes(3 * MEBIBYTE) },
  { name: 'large.bin', content: randomBytes(33 * MEBIBYTE) },
  { name: 'small.bin', content: randomBytes(7 * MEBIBYTE) },
  { name: 'holes.bin', content: { zeros: 48 * MEBIBYTE } },
  ...Array.from({ length: 30 }, (_, at) => ({ name: `${at}.bin`, content: randomBytes(MEBIBYTE + at) })),
  {
    name: 'deflated.txt',
    content: Buffer.concat([randomBytes(33 * MEBIBYTE), lines(50_000)]),
    method: 'deflate',
  },
  { name: 'shrinks.txt', content: lines(1_200_000), method: 'deflate' },
  { name: 'small after.bin', content: randomBytes(2 * MEBIBYTE) },
];

const ZIPS: Readonly<Record<string, readonly [files: readonly TestFile[], dropped?: readonly number[]]>> = {
  'of odd names and methods': [NAMES],
  'of runs, copies and streams': [MIXED],
  'whose large entries dropped out': [MIXED, [1, 3]],
  'whose small entries dropped out': [MIXED, [0, 2, ...Array.from({ length: 29 }, (_, at) => 5 + at)]],
  'of 65,534 entries': [numbered(65_534)],
  'of 65,535 entries': [numbered(65_535)],
  'of 65,536 entries': [numbered(65_536)],
};

const bare = (entries: readonly ReadEntry[]): string =>
  entries.map(({ name, sizeBytes, crc32 }) => `${name} ${sizeBytes} ${crc32}`).join('\n');

const MISSING = -1;

describe('a ZIP that is assembled from parts', () => {
  let zips: readonly AssembledZip[] = [];
  beforeAll(() => {
    zips = Object.values(ZIPS).map(([files, dropped = []], at) =>
      assembleZip(join(folder, `${at}.zip`), files, new Set(dropped)),
    );
  }, 120_000);

  test.each(Object.keys(ZIPS))('has only parts that S3 takes: %s', async (name) => {
    const zip = zips[Object.keys(ZIPS).indexOf(name)];
    expect(Math.min(...(zip?.partBytes.slice(0, -1) ?? []), MIN_PART_BYTES)).toBe(MIN_PART_BYTES);
    expect((await stat(zip?.path ?? '')).size).toBe(zip?.zipBytes);
  });

  test.each(Object.keys(ZIPS).filter((name) => ZIPS[name]?.[0].every(({ method }) => method !== 'deflate')))(
    'has the size that was foreseen: %s',
    (name) => {
      const zip = zips[Object.keys(ZIPS).indexOf(name)];
      expect(zip?.zipBytes).toBe(predictedSize((ZIPS[name]?.[0] ?? []).map(layoutEntry)));
    },
  );

  // Contents above so many bytes are not read: opening 65,536 entries takes minutes, and their number is what matters.
  test.each([
    ['in full', (zip: AssembledZip) => zip.entries.length < 1000, Number.MAX_SAFE_INTEGER],
    ['with all its entries', (zip: AssembledZip) => zip.entries.length >= 1000, 0],
  ])(
    'is read %s, in order, by every reader that lists',
    async (_, chosen, mostBytes) => {
      const some = zips.filter(chosen);
      for (const reader of await listingReaders()) {
        const paths = some.map(({ path }) => path);
        const read = await reader.read(paths, mostBytes);
        // As texts: comparing 65,536 objects by Jest takes longer than reading them.
        for (const [at, zip] of some.entries())
          expect(`${reader.name} ${at} ${bare(read[at] ?? [])}`).toBe(
            `${reader.name} ${at} ${bare(zip.entries)}`,
          );
      }
    },
    180_000,
  );

  test('has the times of its files in every zone, where a reader knows the extended timestamp', async () => {
    for (const reader of await listingReaders()) {
      const [read = []] = await reader.read([zips[0]?.path ?? '']);
      const times = read.map(({ mtimeS = MISSING }) => mtimeS);
      if (times.includes(MISSING)) continue;
      expect([reader.name, ...times]).toEqual([
        reader.name,
        ...(zips[0]?.entries ?? []).map(({ mtimeS }) => mtimeS),
      ]);
    }
  }, 60_000);

  test('is found good by every program that tests ZIPs', async () => {
    for (const reader of await testingReaders()) for (const { path } of zips) await reader.test(path);
  }, 180_000);

  test('is the same, byte for byte, from the same files', async () => {
    const again = assembleZip(join(folder, 'again.zip'), NAMES);
    expect((await readFile(again.path)).equals(await readFile(zips[0]?.path ?? ''))).toBe(true);
  });
});
