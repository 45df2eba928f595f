import { describe, expect, test } from '@jest/globals';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreProblem } from '../../activities/ports.js';
import type { ObjectStore, StoreProblemCode } from '../../activities/ports.js';
import { createZipReader } from '../../worker/zip-reader.js';

const BYTES = Buffer.from('the bytes of a finished ZIP');
const URI = 's3://zips/jobs/1.zip';
const { signal } = new AbortController();

/** A store whose bodies break after `breakAfter` bytes, as often as `breaks` says. */
function store(breaks: number, code: StoreProblemCode = 'unavailable', breakAfter = 5) {
  const asked: (readonly [string, number, number])[] = [];
  let left = breaks;
  const fake: ObjectStore = {
    head: async () => ({
      etag: '"e"',
      sizeBytes: BYTES.length,
      versionId: null,
      etagIsDigest: true,
      archivedAs: null,
    }),
    readRange: async ({ bucket, key, etag }, start, end) => {
      asked.push([`${bucket}/${key} ${etag}`, start, end]);
      if (left === 0) return Readable.from([BYTES.subarray(start, end)]);
      left -= 1;
      return Readable.from(broken(start, code, breakAfter));
    },
  };
  return { reader: createZipReader(fake, fake), asked };
}

async function* slowly() {
  await sleep(60);
  yield BYTES;
}

async function* broken(start: number, code: StoreProblemCode, breakAfter: number) {
  if (breakAfter > 0) yield BYTES.subarray(start, start + breakAfter);
  throw new StoreProblem(code, 'cut');
}

describe('a finished ZIP', () => {
  test('whose head is not answered in time is away', async () => {
    const silent = {
      head: (_: unknown, asked: AbortSignal) =>
        new Promise<never>((_resolve, reject) => {
          asked.addEventListener('abort', () => reject(asked.reason));
        }),
    };
    const reader = createZipReader({ readRange: () => Promise.reject(new Error('not asked')) }, silent, 50);
    await expect(reader.head(URI, signal)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('is read pinned to its ETag', async () => {
    const { reader, asked } = store(0);
    const body = await reader.read(URI, '"e"', 4, 9, signal);
    expect((await buffer(body)).toString()).toBe('bytes');
    expect(asked).toEqual([['zips/jobs/1.zip "e"', 4, 9]]);
  });

  test('is read on from where it broke', async () => {
    const { reader, asked } = store(2);
    const body = await reader.read(URI, '"e"', 0, BYTES.length, signal);
    expect(await buffer(body)).toEqual(BYTES);
    expect(asked.map(([, start]) => start)).toEqual([0, 5, 10]);
  });

  test.each<readonly [string, number, StoreProblemCode, number]>([
    ['nothing comes any more', 99, 'unavailable', 0],
    ['another object took its place', 1, 'changed', 5],
  ])('breaks where %s', async (_what, breaks, code, breakAfter) => {
    const body = await store(breaks, code, breakAfter).reader.read(URI, '"e"', 0, BYTES.length, signal);
    await expect(buffer(body)).rejects.toMatchObject({ code });
  });

  test('that gets no connection in time is away, not silent; one that is under way may take its time', async () => {
    const stuck = (until: 'the answer' | 'the body'): Pick<ObjectStore, 'readRange'> => ({
      readRange: async (_object, _start, _end, given) =>
        until === 'the body'
          ? Readable.from(slowly())
          : new Promise((_resolve, reject) => {
              given.addEventListener('abort', () => reject(given.reason as Error));
            }),
    });
    const readerOf = (readRange: Pick<ObjectStore, 'readRange'>) =>
      createZipReader(readRange, { head: () => Promise.reject(new Error('not asked')) }, 20);
    const refused = readerOf(stuck('the answer')).read(URI, '"e"', 0, BYTES.length, signal);
    await expect(refused).rejects.toMatchObject({ name: 'Problem', kind: 'unreachable' });
    const body = await readerOf(stuck('the body')).read(URI, '"e"', 0, BYTES.length, signal);
    expect(await buffer(body)).toEqual(BYTES);
  });

  test.each<readonly [StoreProblemCode, string | null]>([
    ['missing', null],
    ['unavailable', 'unreachable'],
    ['denied', 'denied'],
    ['bucket-missing', 'internal'],
  ])('a head that is %s', async (code, kind) => {
    const failing: ObjectStore = {
      head: () => Promise.reject(new StoreProblem(code, 'no')),
      readRange: () => Promise.reject(new StoreProblem(code, 'no')),
    };
    const found = createZipReader(failing, failing).head(URI, signal);
    if (kind === null) expect(await found).toBeNull();
    else await expect(found).rejects.toMatchObject({ name: 'Problem', kind });
  });
});
