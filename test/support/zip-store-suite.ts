/** What every ZipStore must do: the one in memory and the one over S3. */
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { crc32 } from 'node:zlib';
import { noise } from '../../dev/corpus.js';
import { MEBIBYTE } from '../../core/units.js';
import type { ZipStore } from '../../activities/zip-ports.js';
import { UPLOAD } from '../../activities/zip-ports.js';

export interface StoreUnderTest {
  readonly store: ZipStore;
  readonly bucket: string;
  /** An object that others stored; its ETag. */
  readonly seed: (key: string, bytes: Uint8Array) => Promise<string>;
}

const NEVER = new AbortController().signal;

export function zipStoreSuite(under: () => StoreUnderTest): void {
  const target = (key: string) => ({ bucket: under().bucket, key });
  const read = async (key: string): Promise<Buffer> => Buffer.from(await under().store.get(target(key)));

  test('parts become the object in the order of their numbers, whenever they came', async () => {
    const { store } = under();
    const [a, b, c] = [noise(5 * MEBIBYTE, 'a'), noise(5 * MEBIBYTE + 1, 'b'), noise(10, 'c')] as const;
    const uploadId = await store.begin(target('whole.zip'), 'application/zip', 'a job');
    expect(await store.openUploads(target('whole.zip'))).toEqual([uploadId]);
    const last = await store.uploadPart(target('whole.zip'), uploadId, 9, c, NEVER);
    const stream = Readable.from([b.subarray(0, 1000), b.subarray(1000)], { objectMode: false });
    const second = await store.uploadStream(
      target('whole.zip'),
      uploadId,
      3,
      { stream, bytes: b.length },
      NEVER,
    );
    const first = await store.uploadPart(target('whole.zip'), uploadId, 2, a, NEVER);
    await expect(store.head(target('whole.zip'), NEVER)).rejects.toMatchObject({ code: 'missing' });
    await store.complete(target('whole.zip'), uploadId, [first, second, last]);
    expect((await read('whole.zip')).equals(Buffer.concat([a, b, c]))).toBe(true);
    const head = await store.head(target('whole.zip'), NEVER);
    expect(head).toMatchObject({ sizeBytes: a.length + b.length + c.length, madeBy: 'a job' });
    expect(head.etag).toMatch(/-3"?$/);
    expect(await store.openUploads(target('whole.zip'))).toEqual([]);
    // A repeated completion says that the upload is gone, or (AWS, versitygw) that all is well.
    await store.complete(target('whole.zip'), uploadId, [first, second, last]).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'missing', detail: UPLOAD });
    });
    expect((await read('whole.zip')).length).toBe(head.sizeBytes);
  });

  test('a range of a pinned object becomes a part without its bytes being sent', async () => {
    const { store, seed, bucket } = under();
    const bytes = noise(12 * MEBIBYTE, 'source');
    const key = 'ordner/größe und + &.bin';
    const etag = await seed(key, bytes);
    expect(await store.head(target(key), NEVER)).toMatchObject({ sizeBytes: bytes.length, madeBy: null });
    const uploadId = await store.begin(target('copy.zip'), 'application/zip', 'a job');
    const range = [5, 5 + 6 * MEBIBYTE] as const;
    const part = await store.copyPart(target('copy.zip'), uploadId, 1, { bucket, key, etag }, range, NEVER);
    await store.complete(target('copy.zip'), uploadId, part === null ? [] : [part]);
    expect((await read('copy.zip')).equals(Buffer.from(bytes.subarray(...range)))).toBe(true);
  });

  test('a changed, a missing object and a lost upload are told apart', async () => {
    const { store, seed, bucket } = under();
    const etag = await seed('pinned.bin', noise(6 * MEBIBYTE, 'before'));
    await seed('pinned.bin', noise(6 * MEBIBYTE, 'after'));
    const uploadId = await store.begin(target('pin.zip'), 'application/zip', 'a job');
    const copy = (key: string, id = uploadId) =>
      store.copyPart(target('pin.zip'), id, 1, { bucket, key, etag }, [0, 100], NEVER);
    await expect(copy('pinned.bin')).rejects.toMatchObject({ code: 'changed' });
    await expect(copy('nothing.bin')).rejects.toMatchObject({ code: 'missing', detail: null });
    await store.abort(target('pin.zip'), uploadId);
    await store.abort(target('pin.zip'), uploadId);
    const sent = store.uploadPart(target('pin.zip'), uploadId, 1, noise(10, 'x'), NEVER);
    await expect(sent).rejects.toMatchObject({ code: 'missing', detail: UPLOAD });
  });

  test('a whole CRC32, where there is one, is that of the bytes', async () => {
    const { store, seed, bucket } = under();
    const bytes = noise(100_000, 'crc');
    const etag = await seed('crc.bin', bytes);
    const found = await store.wholeCrc32({ bucket, key: 'crc.bin', etag }, NEVER);
    expect([null, crc32(bytes)]).toContain(found);
  });

  test('small objects are written, listed in order, and removed', async () => {
    const { store, bucket } = under();
    for (const key of ['work/b', 'work/a', 'work/c/d', 'worker'])
      await store.put(target(key), Buffer.from(key));
    const listed = [];
    for await (const { key, sizeBytes } of store.list(bucket, 'work/', NEVER)) listed.push([key, sizeBytes]);
    expect(listed).toEqual([
      ['work/a', 6],
      ['work/b', 6],
      ['work/c/d', 8],
    ]);
    await store.removeAll(bucket, 'work/');
    await store.remove(target('worker'));
    await store.remove(target('worker'));
    for (const key of ['work/a', 'worker'])
      await expect(store.get(target(key))).rejects.toMatchObject({ code: 'missing' });
  });
}
