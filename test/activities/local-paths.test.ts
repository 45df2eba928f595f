import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { UnsafePath, findPlace, makePlace, removeParts } from '../../activities/local-paths.js';

let folder: string;
let destination: string;
let outside: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'stowage-paths-')));
  [destination, outside] = [join(folder, 'P1'), join(folder, 'outside')];
  await mkdir(outside);
});
afterEach(() => rm(folder, { recursive: true }));
const nothingOutside = async (): Promise<void> => expect(await readdir(outside)).toEqual([]);

describe('the place of a file', () => {
  test('is below its destination, its companions beside it', async () => {
    const place = await makePlace(destination, 'x.d/deep/a.raw');
    expect(place.final).toBe(join(destination, 'x.d/deep/a.raw'));
    for (const companion of [place.part, place.journal, place.lock]) {
      expect(dirname(companion)).toBe(dirname(place.final));
      expect(basename(companion)).toMatch(/^\.stowage-[0-9a-f]{16}\.(part|journal|lock)$/);
    }
    expect(await readdir(join(destination, 'x.d'))).toEqual(['deep']);
  });

  test('is the same for the same file, and another for each name of a folder', async () => {
    const one = await makePlace(destination, 'x.d/a.raw');
    expect(await makePlace(destination, 'x.d/a.raw')).toEqual(one);
    expect((await makePlace(destination, 'x.d/b.raw')).part).not.toBe(one.part);
  });

  test('may have a name of 255 bytes', async () => {
    const name = 'ü'.repeat(127) + 'x';
    const place = await makePlace(destination, name);
    await Promise.all(
      [place.final, place.part, place.journal, place.lock].map((path) => writeFile(path, '')),
    );
    expect(await readdir(destination)).toContain(name);
  });

  test('is not looked for where its folder does not exist, and nothing is created', async () => {
    expect(await findPlace(destination, 'x.d/a.raw')).toBeNull();
    expect(await readdir(folder)).toEqual(['outside']);
  });
});

describe('a symbolic link that leads out of the destination', () => {
  test.each([
    ['x', 'x/y/z/a.raw'],
    ['x/y', 'x/y/z/a.raw'],
    ['x/y/z', 'x/y/z/a.raw'],
    ['x/y/z/a.raw', 'x/y/z/a.raw'],
    ['a.raw', 'a.raw'],
  ])('is refused at %s for %s', async (link, file) => {
    await mkdir(dirname(join(destination, link)), { recursive: true });
    await symlink(outside, join(destination, link));
    await expect(makePlace(destination, file)).rejects.toThrow(UnsafePath);
    await nothingOutside();
  });

  test('is refused where only looked for', async () => {
    await mkdir(join(outside, 'y'));
    await mkdir(destination);
    await symlink(outside, join(destination, 'x'));
    await expect(findPlace(destination, 'x/y/a.raw')).rejects.toThrow(UnsafePath);
  });

  test.each(['x', 'x/y'])('is refused where it dangles: %s', async (link) => {
    await mkdir(dirname(join(destination, link)), { recursive: true });
    await symlink(join(outside, 'not there'), join(destination, link));
    await expect(makePlace(destination, 'x/y')).rejects.toThrow(UnsafePath);
    await nothingOutside();
  });

  test('is refused where the name outside only begins like the destination', async () => {
    await mkdir(`${destination}-other`);
    await mkdir(destination);
    await symlink(`${destination}-other`, join(destination, 'x'));
    await expect(makePlace(destination, 'x/a.raw')).rejects.toThrow(UnsafePath);
  });

  test.each(['../outside/a.raw', 'x/../../outside/a.raw'])('nor does ".." lead there: %s', async (file) => {
    await mkdir(join(destination, 'x'), { recursive: true });
    await expect(makePlace(destination, file)).rejects.toThrow(UnsafePath);
    await nothingOutside();
  });
});

describe('a symbolic link within the destination', () => {
  test('is followed', async () => {
    await mkdir(join(destination, 'real'), { recursive: true });
    await symlink('real', join(destination, 'x'));
    expect((await makePlace(destination, 'x/a.raw')).final).toBe(join(destination, 'real/a.raw'));
  });

  test('as the destination itself is the operator’s choice, and is followed', async () => {
    await symlink(outside, destination);
    expect((await makePlace(destination, 'a.raw')).final).toBe(join(outside, 'a.raw'));
  });
});

test('the unverified bytes and their journal are removed together, and may be gone already', async () => {
  const place = await makePlace(destination, 'a.raw');
  await writeFile(place.part, 'x');
  await writeFile(place.journal, 'x');
  await removeParts(place);
  await removeParts(place);
  expect(await readdir(destination)).toEqual([]);
});
