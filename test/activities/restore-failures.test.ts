/** What becomes of a file, and of what was on disk before, where S3 or the way from it is broken. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RestoreSettings } from '../../core/settings.js';
import { BUCKET, keyOf, openWorld } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { leftovers, restoreAll } from '../support/restore-job.js';

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
