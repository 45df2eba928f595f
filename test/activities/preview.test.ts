import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RestorePreview } from '../../core/contract.js';
import { BUCKET, filesBelow, keyOf, openWorld } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { previewOf } from '../support/restore-job.js';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

const preview = (input: object): Promise<RestorePreview> => previewOf(world, input);

describe('a dry run', () => {
  beforeEach(async () => {
    world.addRawFile('sample', {
      'new.raw': 'new',
      'right.raw': 'right',
      'wrong.raw': 'right',
      'gone.raw': 'gone',
      '../up': 'x',
    });
    await world.place('P1/right.raw', 'right');
    await world.place('P1/wrong.raw', 'wrong');
    world.store.remove(BUCKET, keyOf('sample', 'gone.raw'));
  });

  test('tells what would be done, and what is in the way', async () => {
    const { raw_files, problems, problems_omitted, dry_run } = await preview({
      raw_file_ids: 'sample,unknown',
    });
    expect(raw_files).toEqual([
      {
        raw_file_id: 'sample',
        project_id: 'P1',
        destination: join(world.root, 'P1'),
        files: 5,
        bytes: 18,
        download: 1,
        skip: 1,
        heal: 1,
        bytes_to_download: 8,
        error: null,
      },
      {
        raw_file_id: 'unknown',
        project_id: null,
        destination: null,
        files: 0,
        bytes: 0,
        download: 0,
        skip: 0,
        heal: 0,
        bytes_to_download: 0,
        error: 'RawFile not found in DB',
      },
    ]);
    expect(problems.toSorted((one, other) => one.file.localeCompare(other.file))).toEqual([
      { raw_file_id: 'sample', file: '../up', status: 'FAILURE - Unsafe path' },
      { raw_file_id: 'sample', file: 'gone.raw', status: 'FAILURE - S3 file not found' },
    ]);
    expect([problems_omitted, dry_run]).toEqual([0, true]);
  });

  test('writes nothing and fetches nothing', async () => {
    const before = await filesBelow(world.root);
    const { mtimeMs } = await stat(join(world.root, 'P1'));
    await preview({ raw_file_ids: 'sample' });
    expect(await filesBelow(world.root)).toEqual(before);
    expect((await stat(join(world.root, 'P1'))).mtimeMs).toBe(mtimeMs);
    expect(await readdir(world.root)).toEqual(['P1']);
    expect(world.store.bytesRequested()).toBe(0);
  });

  test('creates not even the folder of a new project', async () => {
    world.addRawFile('first', { 'a.raw': 'a' }, { project: 'NEW' });
    expect((await preview({ raw_file_ids: 'first' })).raw_files[0]).toMatchObject({
      download: 1,
      error: null,
    });
    expect(await readdir(world.root)).toEqual(['P1']);
  });

  test('lists 100 problems and counts the others', async () => {
    world.addRawFile('many', Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`../${at}`, 'x'])));
    const { problems, problems_omitted } = await preview({ raw_file_ids: 'many' });
    expect([problems.length, problems_omitted]).toEqual([100, 30]);
  });
});

test('a folder where a file should be is a problem of the dry run too', async () => {
  world.addRawFile('sample', { 'a.raw': 'right' });
  await mkdir(join(world.root, 'P1/a.raw'), { recursive: true });
  expect((await preview({ raw_file_ids: 'sample' })).problems).toMatchObject([
    { status: 'FAILURE - Cannot write (EISDIR)' },
  ]);
});
