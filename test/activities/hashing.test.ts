import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnose } from '../../activities/endings.js';
import { createHashThreads } from '../../activities/hash-threads.js';
import { createHashPool, md5OfBytes, type FileHashes, type HashPool } from '../../activities/hashing.js';
import { failureOf } from '../support/object-store-suite.js';

const MIB = 1024 * 1024;
const never = new AbortController().signal;

/** The definition, in so many words. */
function straightforward(bytes: Buffer, partSizeBytes: number): FileHashes {
  const md5 = createHash('md5').update(bytes).digest('hex');
  if (bytes.length <= partSizeBytes) return { sizeBytes: bytes.length, md5, etag: md5 };
  const outer = createHash('md5');
  let parts = 0;
  for (let at = 0; at < bytes.length; at += partSizeBytes, parts += 1)
    outer.update(
      createHash('md5')
        .update(bytes.subarray(at, at + partSizeBytes))
        .digest(),
    );
  return { sizeBytes: bytes.length, md5, etag: `${outer.digest('hex')}-${parts}` };
}

describe('the hash pool', () => {
  let pool: HashPool;
  let folder: string;
  const source = randomBytes(12 * MIB + 1);

  beforeAll(async () => {
    pool = createHashPool({ threads: 2 });
    folder = await mkdtemp(join(tmpdir(), 'stowage-hash-'));
  });
  afterAll(async () => {
    await pool.close();
    await rm(folder, { recursive: true });
  });

  const fileOf = async (sizeBytes: number): Promise<string> => {
    const path = join(folder, `${sizeBytes}.bin`);
    await writeFile(path, source.subarray(0, sizeBytes));
    return path;
  };

  test.each(
    [1, 1000, 4096, MIB, 5 * MIB].flatMap((part) =>
      [0, 1, part - 1, part, part + 1, 2 * part, 2 * part + 1].map((size) => [size, part] as const),
    ),
  )('%i bytes in parts of %i hash as defined', async (size, part) => {
    const found = await pool.hashFile(await fileOf(size), { partSizeBytes: part, md5: true, signal: never });
    expect(found).toEqual(straightforward(source.subarray(0, size), part));
  });

  test('any size in parts of any size hashes as defined', async () => {
    const sizes = fc.integer({ min: 0, max: source.length });
    const parts = fc.integer({ min: 50_000, max: 6 * MIB });
    await fc.assert(
      fc.asyncProperty(sizes, parts, async (size, part) => {
        const path = join(folder, 'any.bin');
        await writeFile(path, source.subarray(0, size));
        expect(await pool.hashFile(path, { partSizeBytes: part, md5: true, signal: never })).toEqual(
          straightforward(source.subarray(0, size), part),
        );
      }),
      { numRuns: 25 },
    );
  });

  test('only what is asked for is computed', async () => {
    const path = await fileOf(3 * MIB);
    const { md5, etag } = straightforward(source.subarray(0, 3 * MIB), MIB);
    const ask = { signal: never };
    expect(await pool.hashFile(path, { ...ask, partSizeBytes: null, md5: true })).toEqual({
      sizeBytes: 3 * MIB,
      md5,
      etag: null,
    });
    expect(await pool.hashFile(path, { ...ask, partSizeBytes: MIB, md5: false })).toEqual({
      sizeBytes: 3 * MIB,
      md5: null,
      etag,
    });
  });

  test('several files at once do not mix', async () => {
    const sizes = [2, 3, 4, 5, 6, 7].map((mebibytes) => mebibytes * MIB + mebibytes);
    const found = await Promise.all(
      sizes.map(async (size) =>
        pool.hashFile(await fileOf(size), { partSizeBytes: MIB, md5: true, signal: never }),
      ),
    );
    expect(found).toEqual(sizes.map((size) => straightforward(source.subarray(0, size), MIB)));
  });

  test('progress ends at the size of the file', async () => {
    const done: number[] = [];
    const path = join(folder, 'long.bin');
    await writeFile(path, Buffer.concat([source, source, source, source]));
    const onProgress = (bytesDone: number): void => void done.push(bytesDone);
    await pool.hashFile(path, { partSizeBytes: 5 * MIB, md5: true, signal: never, onProgress });
    expect(done.at(-1)).toBe(4 * source.length);
    expect(done).toEqual([...done].sort((one, other) => one - other));
  });

  test('what the disk says comes through, with its errno', async () => {
    const ask = { partSizeBytes: MIB, md5: true, signal: never };
    expect(await failureOf(pool.hashFile(join(folder, 'nowhere'), ask))).toMatchObject({ code: 'ENOENT' });
    expect(await failureOf(pool.hashFile(folder, ask))).toMatchObject({ code: 'EISDIR' });
  });

  test('what the disk says to a thread is the disk’s word still', async () => {
    const threads = createHashThreads(1);
    for (const [path, errno] of [
      [join(folder, 'nowhere'), 'ENOENT'],
      [folder, 'EISDIR'],
    ] as const) {
      const error = await failureOf(threads.md5OfRange({ path, start: 0, end: 1 }, never, () => {}));
      expect(diagnose(error).ending).toEqual({ code: 'cannot-write', errno });
    }
    await threads.close();
  });

  test('an abort ends it at once with its reason, and the pool goes on', async () => {
    const path = join(folder, 'aborted.bin');
    await copyFile(await fileOf(source.length), path);
    const controller = new AbortController();
    const hashing = failureOf(
      pool.hashFile(path, { partSizeBytes: MIB, md5: true, signal: controller.signal }),
    );
    const reason = new Error('enough');
    setImmediate(() => controller.abort(reason));
    expect(await hashing).toBe(reason);
    const again = await pool.hashFile(path, { partSizeBytes: MIB, md5: true, signal: never });
    expect(again).toEqual(straightforward(source, MIB));
  });

  test('a closed pool fails what was under way', async () => {
    const other = createHashPool({ threads: 1 });
    const path = await fileOf(source.length);
    const hashing = failureOf(other.hashFile(path, { partSizeBytes: MIB, md5: true, signal: never }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await other.close();
    expect(await hashing).toBeInstanceOf(Error);
  });

  test('the MD5 of bytes is the MD5 of bytes', () => {
    expect(md5OfBytes(Buffer.from('abc'))).toBe('900150983cd24fb0d6963f7d28e17f72');
  });
});
