/** What every ObjectStore does, the fake as well as S3: the one suite that both pass. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { getEventListeners, setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ObjectHead, ObjectStore, PinnedObject } from '../../activities/ports.js';

export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** A bucket that exists, empty at first, and one that does not. */
  readonly bucket: string;
  readonly missingBucket: string;
  put(key: string, bytes: Uint8Array, partSizeBytes?: number): Promise<void>;
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
const PART_BYTES = 5 * MIB;

const md5 = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest();

/** What a promise is rejected with. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error('nothing failed'),
    (error: unknown) => error,
  );

/** Describes an ObjectStore by what it does. */
export function describeObjectStore(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let made: StoreUnderTest;
    const bytes = randomBytes(2 * PART_BYTES + 12_345);
    const never = new AbortController().signal;
    // Many ranges share one signal, here as in a transfer (following-abort.ts): not a leak.
    setMaxListeners(0, never);
    const head = (key: string, bucket = made.bucket): Promise<ObjectHead> =>
      made.store.head({ bucket, key }, never);
    const pin = async (key: string): Promise<PinnedObject> => ({
      bucket: made.bucket,
      key,
      etag: (await head(key)).etag,
    });
    const read = async (object: PinnedObject, start: number, end: number): Promise<Buffer> =>
      buffer(await made.store.readRange(object, start, end, never));

    beforeAll(async () => {
      made = await makeStore();
      await made.put('plain.bin', bytes);
      await made.put('parts.bin', bytes, PART_BYTES);
      await made.put('empty.bin', new Uint8Array());
    });
    afterAll(() => made.close());

    test('a head tells size and ETag, quotes included', async () => {
      expect(await head('plain.bin')).toMatchObject({
        etag: `"${md5(bytes).toString('hex')}"`,
        sizeBytes: bytes.length,
        etagIsDigest: true,
        archivedAs: null,
      });
    });

    test('the ETag of an upload in parts is the MD5 of its MD5s', async () => {
      const digests = [0, 1, 2].map((part) =>
        md5(bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)),
      );
      const etag = md5(Buffer.concat(digests)).toString('hex');
      expect((await head('parts.bin')).etag).toBe(`"${etag}-3"`);
    });

    test('an empty object has a head like any other', async () => {
      expect(await head('empty.bin')).toMatchObject({
        etag: '"d41d8cd98f00b204e9800998ecf8427e"',
        sizeBytes: 0,
      });
    });

    test('a missing object and a missing bucket are told apart', async () => {
      expect(await failureOf(head('nowhere.bin'))).toMatchObject({ code: 'missing' });
      expect(await failureOf(head('plain.bin', made.missingBucket))).toMatchObject({
        code: 'bucket-missing',
      });
      const gone = { key: 'plain.bin', etag: '"0"' };
      expect(await failureOf(read({ ...gone, bucket: made.missingBucket }, 0, 1))).toMatchObject({
        code: 'bucket-missing',
      });
      expect(await failureOf(read({ ...gone, bucket: made.bucket, key: 'nowhere.bin' }, 0, 1))).toMatchObject(
        {
          code: 'missing',
        },
      );
    });

    test.each([
      ['the first byte', 0, 1],
      ['the last byte', bytes.length - 1, bytes.length],
      ['the whole', 0, bytes.length],
      ['a range across parts', PART_BYTES - 7, PART_BYTES + 3 * 65_536 + 1],
    ])('%s is read as it was stored', async (_, start, end) => {
      for (const key of ['plain.bin', 'parts.bin']) {
        const found = await read(await pin(key), start, end);
        expect(found.equals(bytes.subarray(start, end))).toBe(true);
      }
    });

    test.each(['ä ö/ü €.raw', 'a+b c%20d&e=f?g#h.d/analysis.tdf', 'quotes\'"()!*~.raw', 'x.d//double.bin'])(
      'a key may hold any character: %s',
      async (key) => {
        await made.put(key, Buffer.from(`bytes of ${key}`));
        expect((await read(await pin(key), 0, 8)).toString()).toBe('bytes of');
      },
    );

    test('bytes are never decoded', async () => {
      const gzip = Buffer.from('1f8b0800000000000003cb48cdc9c95728cf2fca49010085114a0d0b000000', 'hex');
      await made.put('packed.gz', gzip);
      expect((await read(await pin('packed.gz'), 0, gzip.length)).equals(gzip)).toBe(true);
    });

    test('an object that was overwritten since it was pinned is changed, not read', async () => {
      await made.put('moving.bin', bytes.subarray(0, 1000));
      const object = await pin('moving.bin');
      await made.put('moving.bin', bytes.subarray(1000, 2000));
      expect(await failureOf(read(object, 0, 1000))).toMatchObject({ code: 'changed' });
    });

    test('an object that was removed since it was pinned is missing', async () => {
      await made.put('leaving.bin', bytes.subarray(0, 1000));
      const object = await pin('leaving.bin');
      await made.remove('leaving.bin');
      expect(await failureOf(read(object, 0, 1000))).toMatchObject({ code: 'missing' });
    });

    test('a pinned ETag without quotes pins as well', async () => {
      const object = await pin('plain.bin');
      const bare = { ...object, etag: object.etag.replaceAll('"', '') };
      expect((await read(bare, 5, 9)).equals(bytes.subarray(5, 9))).toBe(true);
    });

    test('an abort before, during or after a body ends it with the reason of the abort', async () => {
      const object = await pin('plain.bin');
      const reason = new Error('enough');
      expect(await failureOf(made.store.readRange(object, 0, 9, AbortSignal.abort(reason)))).toBe(reason);
      expect(await failureOf(made.store.head(object, AbortSignal.abort(reason)))).toBe(reason);
      const controller = new AbortController();
      const body = await made.store.readRange(object, 0, bytes.length, controller.signal);
      const reading = failureOf(readUntilAborted(body, () => controller.abort(reason)));
      expect(await reading).toBe(reason);
      expect(body.destroyed).toBe(true);
    });

    test('a body that is read to its end leaves nothing on the signal', async () => {
      const { signal } = new AbortController();
      const object = await pin('plain.bin');
      await buffer(await made.store.readRange(object, 0, 100_000, signal));
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    });

    test('many ranges at once do not mix', async () => {
      const object = await pin('parts.bin');
      const starts = Array.from({ length: 40 }, (_, at) => at * 250_000);
      const found = await Promise.all(starts.map((start) => read(object, start, start + 300_000)));
      found.forEach((part, at) => {
        const start = starts[at] ?? 0;
        expect(part.equals(bytes.subarray(start, start + 300_000))).toBe(true);
      });
    });

    test('an error is one line, names the object and holds no secret', async () => {
      const { message } = (await failureOf(head('nowhere.bin'))) as Error;
      expect(message).toContain(`s3://${made.bucket}/nowhere.bin`);
      expect(message).not.toMatch(/\n|Signature|Credential|secret/i);
    });
  });
}

async function readUntilAborted(body: Readable, abort: () => void): Promise<void> {
  for await (const chunk of body) if ((chunk as Buffer).length > 0) abort();
}
