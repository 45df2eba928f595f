/** One file's story, step by step, against a fake store and a real folder: every ending of the contract at least once. */
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RestoreSettings } from '../../core/settings.js';
import { statusText } from '../../core/outcome.js';
import { BUCKET, keyOf, md5, openWorld } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { finish, leftovers, planJob, plannedFiles, restoreAll, restoreOne } from '../support/restore-job.js';

let world: World;
const reopen = async (settings: Partial<RestoreSettings>): Promise<void> => {
  await world.close();
  world = await openWorld(settings);
};
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

const KEY = keyOf('sample', 'a.raw');
const line = async (input: unknown = 'sample'): Promise<string> =>
  (await restoreAll(world, input)).lines.join('\n');
const problem = (code: 'denied' | 'unavailable' | 'changed') => ({ kind: 'problem', code }) as const;

describe('a file that is not there', () => {
  test('is fetched and verified', async () => {
    world.addRawFile('sample', { 'a.raw': 'the right bytes' });
    expect(await line()).toBe('a.raw: OK - Downloaded and verified (0.0 MB in 0.0s)');
    expect(await world.read('P1/a.raw')).toBe('the right bytes');
  });

  test('is fetched in several ranges, and told about while it comes', async () => {
    const bytes = Buffer.alloc(20 * 1024 * 1024, 'range');
    world.addRawFile('sample', { 'deep/er/a.raw': bytes }, { partSizeBytes: 8 * 1024 * 1024 });
    expect(await line()).toBe('deep/er/a.raw: OK - Downloaded and verified (20.0 MB in 0.0s)');
    expect((await readFile(join(world.root, 'P1/deep/er/a.raw'))).equals(bytes)).toBe(true);
    expect(world.updates.at(-1)).toEqual({
      index: 0,
      rawFileId: 'sample',
      file: 'deep/er/a.raw',
      bytesDone: bytes.length,
      bytesTotal: bytes.length,
    });
    expect(await leftovers(world)).toEqual([]);
  });

  test('may be empty', async () => {
    world.addRawFile('sample', { 'a.raw': '' });
    expect(await line()).toBe('a.raw: OK - Downloaded and verified (0.0 MB in 0.0s)');
    expect(await world.read('P1/a.raw')).toBe('');
  });

  test.each<[string, (entry: unknown[]) => void]>([
    ['an MD5 and a size only', (entry) => void entry.splice(2)],
    ['no size', (entry) => void (entry[0] = null)],
    ['no MD5', (entry) => void (entry[1] = null)],
  ])('is verified by what the catalogue has: %s', async (_, change) => {
    change(world.addRawFile('sample', { 'a.raw': 'right' })['a.raw'] ?? []);
    expect(await line()).toContain('OK - Downloaded and verified');
    await world.place('P1/a.raw', 'wrong');
    expect(await line()).toContain('OK - Self-healed');
  });

  test('may have been uploaded in one part of a multipart upload', async () => {
    const entries = world.addRawFile('sample', { 'a.raw': 'right' }, { partSizeBytes: 1024 });
    expect(entries['a.raw']?.[2]).toMatch(/-1__8$/);
    expect(await line()).toContain('OK - Downloaded and verified');
    entries['a.raw'] = [5, md5('right'), `${md5('right')}__500`];
    expect(await line()).toContain('OK - Skipped');
  });

  test('under KMS is verified by its MD5', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' }, { kms: true });
    expect(await line()).toContain('OK - Downloaded and verified');
  });
});

describe('a file that is there', () => {
  test('with the right bytes is left as it is: nothing is fetched', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    await world.place('P1/a.raw', 'right');
    expect(await line()).toBe('a.raw: OK - Skipped (already exists)');
    expect(world.store.bytesRequested()).toBe(0);
  });

  test.each([
    ['one byte changed', 'wrong'],
    ['too short', 'rig'],
    ['too long', 'right and more'],
    ['empty', ''],
  ])('with wrong bytes is healed: %s', async (_, content) => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    await world.place('P1/a.raw', content);
    expect(await line()).toBe('a.raw: OK - Self-healed (hash mismatch detected, re-downloaded)');
    expect(await world.read('P1/a.raw')).toBe('right');
    expect(await leftovers(world)).toEqual([]);
  });

  test('is healed only once: the next run skips it', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    await world.place('P1/a.raw', 'wrong');
    expect(await line()).toContain('Self-healed');
    expect(await line()).toContain('Skipped');
  });

  test('keeps its old bytes until the new ones are verified', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    await world.place('P1/a.raw', 'wrong');
    const whileReading: (string | null)[] = [];
    const store = {
      ...world.store,
      readRange: async (...args: Parameters<typeof world.store.readRange>) => {
        whileReading.push(await world.read('P1/a.raw'));
        return world.store.readRange(...args);
      },
    };
    expect((await restoreAll({ ...world, deps: { ...world.deps, store } }, 'sample')).lines.join()).toContain(
      'Self-healed',
    );
    expect(whileReading).toEqual(['wrong']);
  });

  test('as a folder is a failure', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    await mkdir(join(world.root, 'P1/a.raw'), { recursive: true });
    expect(await line()).toBe('a.raw: FAILURE - Cannot write (EISDIR)');
  });

  test('as a file where a folder is needed is a failure', async () => {
    world.addRawFile('sample', { 'x.d/a.raw': 'right' });
    await world.place('P1/x.d', 'a file');
    expect(await line()).toBe('x.d/a.raw: FAILURE - Cannot write (ENOTDIR)');
    expect(await world.read('P1/x.d')).toBe('a file');
  });
});

describe('where S3 is the broken side, a local file is left alone, right or wrong', () => {
  const broken: readonly (readonly [string, string, () => void])[] = [
    [
      'other bytes',
      'FAILURE - S3 corruption detected (etag mismatch)',
      () => world.store.overwrite(BUCKET, KEY, Buffer.from('other')),
    ],
    ['no object', 'FAILURE - S3 file not found', () => world.store.remove(BUCKET, KEY)],
    ['no access', 'FAILURE - S3 access denied', () => world.store.failWith(() => problem('denied'))],
    [
      'an archived object',
      'FAILURE - S3 object is archived (GLACIER)',
      () => void world.store.put(BUCKET, KEY, Buffer.from('right'), { storageClass: 'GLACIER' }),
    ],
  ];
  for (const [name, status, breakIt] of broken)
    test.each(['right', 'wrong', null])(`${name}, and locally %j: ${status}`, async (local) => {
      world.addRawFile('sample', { 'a.raw': 'right' });
      if (local !== null) await world.place('P1/a.raw', local);
      breakIt();
      expect(await line()).toBe(`a.raw: ${status}`);
      expect(await world.read('P1/a.raw')).toBe(local);
      expect(world.store.requests.filter(({ operation }) => operation === 'read')).toEqual([]);
      expect(world.store.requests).toHaveLength(1);
    });

  test('no bucket: every file of the raw file says so', async () => {
    world.addRawFile('sample', { 'a.raw': 'right', 'b.raw': 'right' });
    const gone = { ...world.deps.rawFiles };
    const rawFiles = {
      find: async (ids: readonly string[]) =>
        (await gone.find(ids)).map((one) => ({ ...one, s3_upload_path: 'gone/x' })),
    };
    const { lines } = await restoreAll({ ...world, deps: { ...world.deps, rawFiles } }, 'sample');
    expect(lines).toEqual(['a.raw: FAILURE - S3 bucket not found', 'b.raw: FAILURE - S3 bucket not found']);
  });

  test('access is denied, or the object changes, between check and download: the wrong file stays', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    await world.place('P1/a.raw', 'wrong');
    world.store.failWith(({ operation }) => (operation === 'read' ? problem('denied') : null));
    expect(await line()).toBe('a.raw: FAILURE - S3 access denied');
    world.store.failWith(({ operation }) => (operation === 'read' ? problem('changed') : null));
    expect(await line()).toBe('a.raw: FAILURE - S3 object changed during download');
    expect(await world.read('P1/a.raw')).toBe('wrong');
    expect(await leftovers(world)).toEqual([]);
  });
});

describe('a file that cannot be mended', () => {
  const flipEverything = (): void =>
    world.store.failWith(({ operation }) => (operation === 'read' ? { kind: 'flip', bytes: 2 } : null));

  test('is not there afterwards: its download failed the verification every time', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    flipEverything();
    expect(await line()).toBe('a.raw: FAILURE - Download verification failed');
    expect(await world.files()).toEqual([
      expect.stringMatching(/^P1\/_download_status.*json$/),
      expect.stringMatching(/txt$/),
    ]);
    expect(world.store.requests.filter(({ operation }) => operation === 'read')).toHaveLength(2);
  });

  test('is deleted where it was wrong before', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    await world.place('P1/a.raw', 'wrong');
    flipEverything();
    expect(await line()).toBe('a.raw: FAILURE - Download verification failed');
    expect(await world.read('P1/a.raw')).toBeNull();
  });

  test.each(['a.raw', 'n'.repeat(250)])('is renamed where the settings say so: %s', async (name) => {
    await reopen({ keepCorrupted: true });
    world.addRawFile('sample', { [name]: 'right' });
    await world.place(`P1/${name}`, 'wrong');
    flipEverything();
    expect(await line()).toContain('FAILURE - Download verification failed');
    expect(await world.read(`P1/${name}`)).toBeNull();
    const kept = (await world.files()).filter((path) => path.endsWith('.corrupted-20250204T143022Z'));
    expect(await world.read(kept[0] ?? '')).toBe('wrong');
  });

  test('right bytes at the second download are enough', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    let reads = 0;
    world.store.failWith(({ operation }) =>
      operation === 'read' && reads++ === 0 ? { kind: 'flip', bytes: 0 } : null,
    );
    expect(await line()).toContain('OK - Downloaded and verified');
    expect(await world.read('P1/a.raw')).toBe('right');
  });

  test('S3 that cannot be asked is asked again, as often as the limits say', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    await world.place('P1/a.raw', 'wrong');
    world.store.failWith(() => problem('unavailable'));
    expect(await line()).toMatch(/^a\.raw: FAILURE - Download failed \(s3:.*unavailable/);
    expect(world.store.requests).toHaveLength(2);
    expect(await world.read('P1/a.raw')).toBe('wrong');
  });
});

describe('verify only', () => {
  const verify = { raw_file_ids: 'sample', verify_only: true };

  test.each([
    ['right', 'OK - Verified (verify only)'],
    ['wrong', 'FAILURE - Local file is wrong (verify only)'],
    [null, 'FAILURE - Local file is missing (verify only)'],
  ])('%j is: %s', async (local, status) => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    if (local !== null) await world.place('P1/a.raw', local);
    expect(await line(verify)).toBe(`a.raw: ${status}`);
    expect(await world.read('P1/a.raw')).toBe(local);
    expect(world.store.bytesRequested()).toBe(0);
  });

  test('needs no free space', async () => {
    const entries = world.addRawFile('sample', { 'a.raw': 'right' });
    entries['a.raw'] = [5e15, null, entries['a.raw']?.[2]];
    world.addRawFile('sample2', { 'b.raw': 'right' });
    const job = await planJob(world, { ...verify, raw_file_ids: 'sample,sample2' });
    expect(job.rawFilesRefused).toBe(0);
  });
});

describe('the plan refuses', () => {
  test('what cannot be tried, each with its reason, and the other files are restored', async () => {
    const entries = world.addRawFile('sample', {
      'good.raw': 'good',
      '../up.raw': 'x',
      'bad.raw': 'x',
      'x.d': 'x',
      'x.d/y': 'x',
      'size.raw': 'right',
    });
    entries['bad.raw'] = [1, md5('x'), 'xyz'];
    entries['size.raw'] = [4, null, entries['size.raw']?.[2]];
    const { lines, result } = await restoreAll(world, 'sample');
    expect(lines).toEqual([
      'good.raw: OK - Downloaded and verified (0.0 MB in 0.0s)',
      '../up.raw: FAILURE - Unsafe path',
      'bad.raw: FAILURE - Catalogue entry invalid (ETag without "__": "xyz")',
      'x.d: FAILURE - Path collision (x.d/y)',
      'x.d/y: FAILURE - Path collision (x.d)',
      'size.raw: FAILURE - Catalogue entry invalid (size: the catalogue has 4 bytes, S3 has 5)',
    ]);
    expect(result).toMatchObject({ status: 'PARTIAL FAILURE', files: 6, successful: 1, failed: 5 });
  });

  test('nothing through a symbolic link that leads out of the destination', async () => {
    world.addRawFile('sample', { 'x.d/a.raw': 'right' });
    await mkdir(join(world.root, 'P1'));
    await symlink(world.outside, join(world.root, 'P1/x.d'));
    expect(await line()).toBe('x.d/a.raw: FAILURE - Unsafe path');
  });
});

test('the evidence of a file says what was wanted, what was found and how often it was tried', async () => {
  world.addRawFile('sample', { 'a.raw': 'right' });
  const job = await planJob(world, 'sample');
  const [file] = await plannedFiles(job);
  if (file === undefined) throw new Error('no file');
  const outcome = await restoreOne(world, job, file);
  expect(outcome).toEqual({
    index: 0,
    ending: { code: 'downloaded', bytes: 5, elapsedMs: 0 },
    bytes: 5,
    elapsedMs: 0,
    evidence: {
      s3Etag: md5('right'),
      localEtag: md5('right'),
      localMd5: md5('right'),
      versionId: null,
      attempts: 1,
      cause: null,
    },
  });
  expect((await finish(world, job)).lines).toEqual([`a.raw: ${statusText(outcome.ending)}`]);
});
