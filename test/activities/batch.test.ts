/** Whole jobs over several raw files, as an operator sees them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BUCKET, keyOf, md5, openWorld } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { finish, planJob, plannedFiles, restoreAll, restoreOne } from '../support/restore-job.js';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

const folder = Object.fromEntries(
  Array.from({ length: 12 }, (_, at) => [`run.d/${at}/analysis.tdf_bin`, `part ${at}`]),
);

describe('a job', () => {
  test('restores one raw file of many files, and keeps its folders', async () => {
    world.addRawFile('run', folder);
    const { result } = await restoreAll(world, 'run');
    expect(result).toMatchObject({ status: 'SUCCESS', files: 12, successful: 12, failures: [] });
    for (const [name, content] of Object.entries(folder))
      expect(await world.read(`P1/${name}`)).toBe(content);
  });

  test('restores raw files of several projects, each to its own place, with a report in each', async () => {
    for (const [id, project] of [
      ['one', 'P1'],
      ['two', 'P2'],
      ['three', 'P3'],
      ['four', 'P1'],
      ['five', 'P2'],
    ] as const)
      world.addRawFile(id, { [`${id}.raw`]: id }, { project });
    const { result } = await restoreAll(world, 'one,two,three,four,five');
    expect(result).toMatchObject({ status: 'SUCCESS', raw_files: 5, files: 5 });
    expect(result.reports.map((path) => path.slice(world.root.length + 1).split('/')[0])).toEqual([
      'P1',
      'P2',
      'P3',
    ]);
    const [ofP1 = ''] = await Promise.all(result.reports.map((path) => readFile(path, 'utf8')));
    expect(ofP1.match(/^Raw File: .*/gm)).toEqual(['Raw File: one', 'Raw File: four']);
    expect(await world.read('P2/five.raw')).toBe('five');
  });

  test('goes on past every failure, and counts them', async () => {
    world.addRawFile('mixed', {
      'new.raw': 'new',
      'there.raw': 'there',
      'wrong.raw': 'right',
      'bad.raw': 'good',
      'lost.raw': 'lost',
    });
    world.addRawFile('homeless', { 'a.raw': 'a' }, { project: null });
    world.addRawFile('last', { 'z.raw': 'z' });
    await world.place('P1/there.raw', 'there');
    await world.place('P1/wrong.raw', 'wrong');
    world.store.overwrite(BUCKET, keyOf('mixed', 'bad.raw'), Buffer.from('evil'));
    world.store.remove(BUCKET, keyOf('mixed', 'lost.raw'));
    const { lines, result } = await restoreAll(world, 'mixed,unknown,homeless,last');
    expect(lines).toEqual([
      'new.raw: OK - Downloaded and verified (0.0 MB in 0.0s)',
      'there.raw: OK - Skipped (already exists)',
      'wrong.raw: OK - Self-healed (hash mismatch detected, re-downloaded)',
      'bad.raw: FAILURE - S3 corruption detected (etag mismatch)',
      'lost.raw: FAILURE - S3 file not found',
      'z.raw: OK - Downloaded and verified (0.0 MB in 0.0s)',
    ]);
    expect(result).toMatchObject({
      status: 'PARTIAL FAILURE',
      raw_files: 4,
      files: 6,
      successful: 4,
      failed: 2,
      bytes_downloaded: 9,
    });
    expect(result.failures).toEqual([
      { raw_file_id: 'mixed', file: 'bad.raw', status: 'FAILURE - S3 corruption detected (etag mismatch)' },
      { raw_file_id: 'mixed', file: 'lost.raw', status: 'FAILURE - S3 file not found' },
      { raw_file_id: 'unknown', file: null, status: 'ERROR: RawFile not found in DB' },
      { raw_file_id: 'homeless', file: null, status: 'ERROR: No project_id' },
    ]);
  });

  test('that is run again skips what is right, and mends what failed once S3 is mended', async () => {
    world.addRawFile('one', { 'a.raw': 'a', 'b.raw': 'b' });
    world.store.remove(BUCKET, keyOf('one', 'b.raw'));
    expect((await restoreAll(world, 'one')).result).toMatchObject({ successful: 1, failed: 1 });
    world.store.put(BUCKET, keyOf('one', 'b.raw'), Buffer.from('b'));
    const { lines, result } = await restoreAll(world, 'one');
    expect(lines).toEqual([
      'a.raw: OK - Skipped (already exists)',
      'b.raw: OK - Downloaded and verified (0.0 MB in 0.0s)',
    ]);
    expect(result.status).toBe('SUCCESS');
  });

  test('carries out its plan, whatever the catalogue says meanwhile', async () => {
    const entries = world.addRawFile('one', { 'a.raw': 'right' });
    const job = await planJob(world, 'one');
    entries['a.raw'] = [5, md5('other'), `${md5('other')}__8`];
    world.addRawFile('one', { 'else.raw': 'else' }, { project: 'P9' });
    for (const file of await plannedFiles(job)) await restoreOne(world, job, file);
    expect((await finish(world, job)).lines).toEqual([
      'a.raw: OK - Downloaded and verified (0.0 MB in 0.0s)',
    ]);
    expect(await world.read('P1/a.raw')).toBe('right');
  });

  test('verifies with the chunk size of the upload, not with that of the download', async () => {
    const bytes = Buffer.alloc(5 * 1024 * 1024, 'chunk');
    const entries = world.addRawFile(
      'one',
      { 'a.raw': bytes },
      { partSizeBytes: 2 * 1024 * 1024, chunkMb: 2 },
    );
    expect(entries['a.raw']?.[2]).toMatch(/-3__2$/);
    entries['a.raw'] = [bytes.length, null, entries['a.raw']?.[2]];
    expect((await restoreAll(world, 'one')).lines).toEqual([
      'a.raw: OK - Downloaded and verified (5.0 MB in 0.0s)',
    ]);
    entries['a.raw'] = [bytes.length, null, String(entries['a.raw'][2]).replace('__2', '__3')];
    expect((await restoreAll(world, 'one')).lines).toEqual(['a.raw: FAILURE - Download verification failed']);
  });

  test('below a subfolder restores and reports there', async () => {
    const { outputRoot } = world.deps.settings;
    const settings = { ...world.deps.settings, subfolder: 's3_downloads' };
    world.addRawFile('one', { 'a.raw': 'a' });
    const { result } = await restoreAll({ ...world, deps: { ...world.deps, settings } }, 'one');
    expect(result.reports[0]).toMatch(join(outputRoot, 's3_downloads/P1/_download_status_batch_'));
    expect(await world.read('s3_downloads/P1/a.raw')).toBe('a');
  });
});
