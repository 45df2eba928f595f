import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RestorePreview } from '../../core/contract.js';
import { makePlace } from '../../activities/local-paths.js';
import { MEBIBYTE } from '../../core/units.js';
import { openWorld } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { planAnswer, planJob, previewOf } from '../support/restore-job.js';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

const preview = (input: object): Promise<RestorePreview> => previewOf(world, input);

describe('an output location', () => {
  const reportedErrors = async (input: unknown): Promise<readonly unknown[]> =>
    (await preview({ raw_file_ids: input })).raw_files.map(({ error }) => error);

  test('that cannot be written fails its raw files only', async () => {
    world.addRawFile('good', { 'a.raw': 'a' }, { project: 'P1' });
    world.addRawFile('bad', { 'b.raw': 'b' }, { project: 'P2' });
    await writeFile(join(world.root, 'P2'), 'a file in the way');
    expect(await reportedErrors('good,bad')).toEqual([null, 'Output location not writable (ENOTDIR)']);
    expect(await planJob(world, 'good,bad')).toMatchObject({ files: 1, rawFilesRefused: 1 });
  });

  test('that takes not even the plan puts the report into the result', async () => {
    world.addRawFile('sample', { 'a.raw': 'a' });
    await rm(world.root, { recursive: true });
    await writeFile(world.root, 'a file in the way');
    const answer = await planAnswer(world, 'sample');
    expect(answer).toMatchObject({
      kind: 'unwritable',
      result: {
        status: 'PARTIAL FAILURE',
        raw_files: 1,
        reports: [],
        failures: [
          {
            raw_file_id: 'sample',
            file: null,
            status: expect.stringMatching(/^ERROR: Output location not writable \(E/),
          },
        ],
        unwritten_reports: [{ destination: world.root, text: expect.stringContaining('Raw File: sample') }],
      },
    });
  });

  test('without room refuses the raw file that does not fit, and only that', async () => {
    world.addRawFile('small', { 'a.raw': 'a' });
    const entries = world.addRawFile('huge', { 'b.raw': 'b' });
    entries['b.raw'] = [1e15, null, entries['b.raw']?.[2]];
    expect(await reportedErrors('huge,small')).toEqual([
      expect.stringMatching(/^Not enough disk space \(need 1049041748.0 MB, free \d+\.\d MB\)$/),
      null,
    ]);
  });

  test('needs no room for what is there already', async () => {
    world.addRawFile('sample', { 'a.raw': 'right', 'b.raw': 'right', 'c.raw': 'right' });
    await world.place('P1/a.raw', 'right');
    await world.place('P1/b.raw', 'wrong');
    const { filesystems } = await preview({ raw_file_ids: 'sample' });
    expect(filesystems).toEqual([
      { path: join(world.root, 'P1'), needed_bytes: 5, free_bytes: expect.any(Number) },
    ]);
  });

  test('needs no room for what an interrupted job has fetched, however far into the file that lies', async () => {
    const bytes = Buffer.alloc(4 * MEBIBYTE);
    world.addRawFile('sample', { 'x.d/a.raw': bytes, 'x.d/b.raw': bytes });
    const destination = join(world.root, 'P1');
    const [partly, wholly] = [
      await makePlace(destination, 'x.d/a.raw'),
      await makePlace(destination, 'x.d/b.raw'),
    ];
    const part = await open(partly.part, 'w');
    await part.write(Buffer.alloc(MEBIBYTE, 'x'), 0, MEBIBYTE, 3 * MEBIBYTE);
    await part.close();
    await writeFile(wholly.part, Buffer.alloc(5 * MEBIBYTE, 'x'));
    const { filesystems } = await preview({ raw_file_ids: 'sample' });
    expect(filesystems[0]?.needed_bytes).toBe(3 * MEBIBYTE);
  });
});
