import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchToFile, type TransferControl, type TransferResult } from '../../activities/transfer.js';
import { pause } from '../../activities/back-off.js';
import { transferRanges } from '../../activities/transfer-ranges.js';
import { createFakeObjectStore, type FakeObjectStore, type Fault } from '../support/fake-object-store.js';
import { failureOf } from '../support/object-store-suite.js';

const MIB = 1024 * 1024;
const PART_BYTES = 8 * MIB;
const bytes = randomBytes(3 * PART_BYTES + 4321);

let store: FakeObjectStore;
let folder: string;
let path: string;
let journalPath: string;

beforeEach(async () => {
  store = createFakeObjectStore();
  folder = await mkdtemp(join(tmpdir(), 'stowage-transfer-'));
  path = join(folder, 'part');
  journalPath = join(folder, 'journal');
});
afterEach(() => rm(folder, { recursive: true }));

const fetch = (
  etag: string,
  control: Partial<TransferControl> = {},
  sizeBytes = bytes.length,
  parallelParts = 2,
): Promise<TransferResult> =>
  fetchToFile(
    store,
    {
      object: { bucket: 'b', key: 'k', etag },
      sizeBytes,
      partSizeBytes: PART_BYTES,
      path,
      journalPath,
      parallelParts,
    },
    { signal: new AbortController().signal, onProgress: () => {}, pause: async () => {}, ...control },
  );
const putAll = (): string => store.put('b', 'k', bytes, { partSizeBytes: PART_BYTES });
const isRight = async (): Promise<boolean> => (await readFile(path)).equals(bytes);

/** Fetches the first two ranges only, as a killed worker would have. */
async function fetchHalf(etag: string): Promise<void> {
  store.failWith(({ start }) => (start < 2 * PART_BYTES ? null : { kind: 'problem', code: 'denied' }));
  await failureOf(fetch(etag, {}, bytes.length, 1));
  store.failWith(() => null);
}

describe('a transfer', () => {
  test('brings every byte to its place, and tells how far it is', async () => {
    const done: number[] = [];
    expect(await fetch(putAll(), { onProgress: (bytesDone) => done.push(bytesDone) })).toEqual({
      bytesFetched: bytes.length,
      bytesReused: 0,
    });
    expect(await isRight()).toBe(true);
    expect(done).toEqual([...done].sort((one, other) => one - other));
    expect([done[0], done.at(-1)]).toEqual([0, bytes.length]);
  });

  test('an empty object is an empty file, without a request', async () => {
    const etag = store.put('b', 'k', new Uint8Array());
    await writeFile(path, 'left over');
    expect(await fetch(etag, {}, 0)).toEqual({ bytesFetched: 0, bytesReused: 0 });
    expect(await readFile(path, 'utf8')).toBe('');
    expect(store.requests).toHaveLength(0);
  });

  test('a small object is one request, and no journal', async () => {
    const small = bytes.subarray(0, 70_001);
    await fetch(store.put('b', 'k', small), {}, small.length);
    expect((await readFile(path)).equals(small)).toBe(true);
    expect(store.requests).toHaveLength(1);
    await expect(readFile(journalPath)).rejects.toThrow('ENOENT');
  });

  test('what an earlier try has finished is not fetched again', async () => {
    const etag = putAll();
    await fetchHalf(etag);
    const before = store.bytesRequested();
    expect((await fetch(etag)).bytesReused).toBe(2 * PART_BYTES);
    expect(store.bytesRequested() - before).toBe(bytes.length - 2 * PART_BYTES);
    expect(await isRight()).toBe(true);
    expect(await fetch(etag)).toEqual({ bytesFetched: 0, bytesReused: bytes.length });
  });

  test('a torn last line of the journal costs its range only', async () => {
    const etag = putAll();
    await fetchHalf(etag);
    const journal = await readFile(journalPath, 'utf8');
    await truncate(journalPath, journal.length - 5);
    expect((await fetch(etag)).bytesReused).toBe(PART_BYTES);
    expect(await isRight()).toBe(true);
    expect((await fetch(etag)).bytesReused).toBe(bytes.length);
  });

  test.each(['{"start":0}', '{"start":1,"end":2}', '[]', 'null', '???', '{"start":0,"end":99999999999}'])(
    'a journal line that says nothing is ignored: %s',
    async (line) => {
      const etag = putAll();
      await fetchHalf(etag);
      await appendFile(journalPath, `${line}\n`);
      expect((await fetch(etag)).bytesReused).toBe(2 * PART_BYTES);
      expect(await isRight()).toBe(true);
    },
  );

  test('what was fetched of another version is thrown away', async () => {
    await fetchHalf(store.put('b', 'k', randomBytes(bytes.length), { partSizeBytes: PART_BYTES }));
    expect(await fetch(putAll())).toEqual({ bytesFetched: bytes.length, bytesReused: 0 });
    expect(await isRight()).toBe(true);
  });

  test('a journal without its file is not believed', async () => {
    const etag = putAll();
    await fetchHalf(etag);
    await rm(path);
    expect((await fetch(etag)).bytesReused).toBe(0);
    expect(await isRight()).toBe(true);
  });

  test('a file that was cut short is believed up to where it is cut', async () => {
    const etag = putAll();
    await fetchHalf(etag);
    await truncate(path, PART_BYTES + 5);
    expect((await fetch(etag)).bytesReused).toBe(PART_BYTES);
    expect(await isRight()).toBe(true);
  });

  test('a file that is too long is cut', async () => {
    const etag = putAll();
    await fetchHalf(etag);
    await truncate(path, bytes.length + 999);
    await fetch(etag);
    expect(await isRight()).toBe(true);
  });

  test('a symbolic link is not written through', async () => {
    const elsewhere = join(folder, 'elsewhere');
    await writeFile(elsewhere, 'precious');
    await symlink(elsewhere, path);
    expect(await failureOf(fetch(putAll()))).toMatchObject({ code: 'ELOOP' });
    expect(await readFile(elsewhere, 'utf8')).toBe('precious');
  });

  test('a lost lease stops the writing before the next request', async () => {
    const lost = new Error('the lease is lost');
    let asked = 0;
    const mayWrite = async (): Promise<void> => {
      if ((asked += 1) > 2) throw lost;
    };
    expect(await failureOf(fetch(putAll(), { mayWrite }))).toBe(lost);
    expect(store.requests.length).toBeLessThanOrEqual(2);
  });

  test('an abort during a wait between tries ends it at once', async () => {
    const controller = new AbortController();
    store.failWith(() => ({ kind: 'problem', code: 'unavailable', retryAfterMs: 60_000 }));
    setTimeout(() => controller.abort(new Error('enough')), 50);
    const asReal = { signal: controller.signal, pause };
    expect(await failureOf(fetch(putAll(), asReal))).toMatchObject({ message: 'enough' });
  });

  test('a full disk ends it at once, with the errno, and with the bodies', async () => {
    const etag = putAll();
    path = '/dev/full';
    const error = await failureOf(fetch(etag));
    expect(error).toMatchObject({ code: 'ENOSPC' });
    expect(store.openBodies()).toBe(0);
    expect(store.requests.length).toBeLessThanOrEqual(2);
  });

  test('a range that fails five times more is given up, after waits that double', async () => {
    const small = bytes.subarray(0, 1000);
    const etag = store.put('b', 'k', small);
    store.failWith(({ call }) => ({
      kind: 'problem',
      code: 'unavailable',
      retryAfterMs: call === 2 ? 9000 : 0,
    }));
    const waitsMs: number[] = [];
    const pausing = { pause: async (ms: number) => void waitsMs.push(ms) };
    expect(await failureOf(fetch(etag, pausing, small.length))).toMatchObject({ code: 'unavailable' });
    expect(store.requests).toHaveLength(6);
    const longestMs = [200, 400, 9000, 1600, 3200];
    expect(waitsMs.map((ms, at) => ms <= (longestMs[at] ?? 0) && ms >= (longestMs[at] ?? 0) / 2)).toEqual(
      longestMs.map(() => true),
    );
    expect(waitsMs[2]).toBe(9000);
  });

  test('a link that breaks again and again, but brings something each time, is not given up', async () => {
    const etag = putAll();
    store.failWith(() => ({ kind: 'cut', bytes: MIB }));
    const waitsMs: number[] = [];
    await fetch(etag, { pause: async (ms) => void waitsMs.push(ms) });
    expect(await isRight()).toBe(true);
    expect(waitsMs.length).toBeGreaterThan(3 * 5);
    expect(Math.max(...waitsMs)).toBeLessThanOrEqual(200);
  });

  test('a server that sends next to nothing each time is given up', async () => {
    const etag = putAll();
    store.failWith(() => ({ kind: 'cut', bytes: 10 }));
    expect(await failureOf(fetch(etag, {}, bytes.length, 1))).toMatchObject({ code: 'unavailable' });
    expect(store.requests).toHaveLength(6);
  });

  test('whichever request fails, and however: the bytes are right, or it is an error', async () => {
    const etag = putAll();
    const anyFault = fc.oneof(
      fc.record({
        kind: fc.constantFrom('cut', 'short', 'long'),
        bytes: fc.integer({ min: 1, max: PART_BYTES }),
      }),
      fc.record({ kind: fc.constant('problem'), code: fc.constantFrom('unavailable', 'changed', 'denied') }),
    ) as fc.Arbitrary<Fault>;
    const faults = fc.dictionary(fc.integer({ min: 0, max: 5 }).map(String), anyFault, { maxKeys: 2 });
    await fc.assert(
      fc.asyncProperty(faults, async (planned) => {
        const first = store.requests.length;
        store.failWith(({ call }) => planned[String(call - first)] ?? null);
        await rm(path, { force: true });
        const error = await fetch(etag).then(
          () => null,
          (failure: unknown) => failure,
        );
        if (error === null) expect(await isRight()).toBe(true);
        else expect(error).toMatchObject({ name: 'StoreProblem' });
        expect(store.openBodies()).toBe(0);
      }),
      { numRuns: 15 },
    );
  });
});

describe('the ranges of a transfer', () => {
  test('follow the parts, without gaps, and are of a size that is worth a request', () => {
    const sizes = fc.integer({ min: 0, max: 4096 * MIB });
    const parts = fc.integer({ min: 1, max: 600 }).map((mebibytes) => mebibytes * MIB);
    fc.assert(
      fc.property(sizes, parts, (size, part) => {
        const ranges = transferRanges(size, part);
        expect(ranges.reduce((at, { start, end }) => (start === at && end > start ? end : -1), 0)).toBe(size);
        expect(ranges.every(({ start, end }) => end - start <= 64 * MIB)).toBe(true);
        const tooSmall = ranges.filter(
          ({ start, end }) => end - start < 8 * MIB && end % part !== 0 && end !== size,
        );
        expect(tooSmall).toHaveLength(0);
        if (size > part && part >= 8 * MIB)
          expect(ranges.filter(({ start }) => start % part === 0)).toHaveLength(Math.ceil(size / part));
      }),
    );
  });

  test('one part of 500 MiB is fetched in several', () => {
    expect(transferRanges(500 * MIB, 500 * MIB)).toHaveLength(8);
    expect(transferRanges(7 * MIB, MIB)).toEqual([{ start: 0, end: 7 * MIB }]);
    expect(transferRanges(0, MIB)).toEqual([]);
  });
});
