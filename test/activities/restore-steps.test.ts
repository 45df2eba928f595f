/** One file's story, step by step, against a fake store and a real folder; restore-failures.test.ts has the endings of a broken S3. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { statusText } from '../../core/outcome.js';
import { md5, openWorld } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { finish, leftovers, planJob, plannedFiles, restoreAll, restoreOne } from '../support/restore-job.js';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

const line = async (input: unknown = 'sample'): Promise<string> =>
  (await restoreAll(world, input)).lines.join('\n');

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

  test('but is no regular file is replaced, and never opened', async () => {
    world.addRawFile('sample', { 'a.raw': '' });
    await mkdir(join(world.root, 'P1'));
    execFileSync('mkfifo', [join(world.root, 'P1/a.raw')]);
    expect(await line()).toBe('a.raw: OK - Self-healed (hash mismatch detected, re-downloaded)');
    expect(await world.read('P1/a.raw')).toBe('');
  });

  test('as a link to another file of the destination is replaced, and the other file is left alone', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    await world.place('P1/other.raw', 'other');
    await symlink('other.raw', join(world.root, 'P1/a.raw'));
    expect(await line()).toContain('OK - Self-healed');
    expect([await world.read('P1/a.raw'), await world.read('P1/other.raw')]).toEqual(['right', 'other']);
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
