/** Our ZIPs beside yazl's of the same files: another writer after the same specification, read by the same reader. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openPromise } from 'yauzl';
import { ZipFile } from 'yazl';
import { predictedSize } from '../../core/zip-directory.js';
import { entryNames } from '../../core/zip-names.js';
import { noise } from '../../dev/corpus.js';
import { assembleZip, layoutEntry } from '../support/assemble-zip.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-yazl-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface File {
  readonly name: string;
  readonly content: Buffer;
  readonly mtimeS: number;
  readonly method: 'store' | 'deflate';
}

const rawName = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc
    .array(fc.constantFrom('a', 'ä', 'Größe.txt', '样品', '😀', '/', '..', 'C:', '\\'), { maxLength: 8 })
    .map((parts) => parts.join('')),
  fc.constantFrom('תיק רפואי.pdf', 'x'.repeat(300), 'é'.repeat(200), ' .profile'),
);

const rawFile = fc.record({
  name: rawName,
  sizeBytes: fc.oneof(fc.nat(20), fc.nat(100_000)),
  seed: fc.nat(1000),
  isText: fc.boolean(),
  // Later times do not fit the extended timestamp, of which yazl makes its last second and we make none.
  mtimeS: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  method: fc.constantFrom('store', 'deflate'),
});

const files = fc.array(rawFile, { maxLength: 20 }).map((raw): readonly File[] => {
  const names = entryNames(
    raw.map(({ name }) => name),
    'folders',
  );
  return raw.map(({ sizeBytes, seed, isText, mtimeS, method }, at) => ({
    name: names[at] ?? '',
    content: isText ? Buffer.alloc(sizeBytes, `line ${seed}\n`) : Buffer.from(noise(sizeBytes, String(seed))),
    mtimeS,
    method,
  }));
});

async function yazlOf(path: string, wanted: readonly File[]): Promise<number> {
  const zip = new ZipFile();
  for (const { name, content, mtimeS, method } of wanted)
    zip.addBuffer(content, name, { mtime: new Date(mtimeS * 1000), compress: method === 'deflate' });
  const calculated = new Promise<number>((resolve) => zip.end(resolve));
  await writeFile(path, await buffer(zip.outputStream));
  return calculated;
}

async function readAll(path: string) {
  const zip = await openPromise(path, { strictFileNames: true, autoClose: false });
  const entries = [];
  for await (const entry of zip.eachEntry()) {
    const content = await buffer(await zip.openReadStreamPromise(entry));
    const { fileName, uncompressedSize, crc32 } = entry;
    const mtimeS = entry.getLastModDate().getTime() / 1000;
    entries.push({ fileName, uncompressedSize, crc32, mtimeS, content: content.toString('base64') });
  }
  zip.close();
  return entries;
}

test('yauzl reads the same names, sizes, CRC32s, times and contents out of both', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (wanted) => {
      const [ours, theirs] = [join(folder, 'ours.zip'), join(folder, 'theirs.zip')];
      assembleZip(ours, wanted);
      await yazlOf(theirs, wanted);
      const read = await readAll(ours);
      expect(read).toEqual(await readAll(theirs));
      expect(read.map(({ fileName, mtimeS }) => ({ name: fileName, mtimeS }))).toEqual(
        wanted.map(({ name, mtimeS }) => ({ name, mtimeS })),
      );
    }),
  );
});

/** We write the extended timestamp into local headers too, for readers of streams; yazl into the central directory only. */
const LOCAL_TIMESTAMP_BYTES = 9;

test('a stored ZIP is as long as yazl calculates, but for the times in our local headers', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (wanted) => {
      const stored = wanted.map((file) => ({ ...file, method: 'store' as const }));
      const [ours, theirs] = [join(folder, 'ours.zip'), join(folder, 'theirs.zip')];
      const { zipBytes } = assembleZip(ours, stored);
      const calculated = await yazlOf(theirs, stored);
      expect([zipBytes, predictedSize(stored.map(layoutEntry)), (await stat(ours)).size]).toEqual(
        Array(3).fill(calculated + LOCAL_TIMESTAMP_BYTES * stored.length),
      );
      expect((await stat(theirs)).size).toBe(calculated);
    }),
  );
});
