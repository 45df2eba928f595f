import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PlanAnswer } from '../../core/contract.js';
import type { RestoreDeps } from '../../activities/deps.js';
import { createRestoreActivities } from '../../activities/index.js';
import { readRecorded } from '../../activities/outcome-lines.js';
import { readAllFiles } from '../../activities/stored-plan.js';
import { BUCKET, openWorld, runActivity } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { planJob, request } from '../support/restore-job.js';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

const plan = (input: unknown): Promise<PlanAnswer> =>
  runActivity(() => createRestoreActivities(world.deps).planRestore(request(input)));

describe('the plan of a job', () => {
  test('has all that is needed for one raw file', async () => {
    world.addRawFile('sample', { 'a.raw': 'right', 'x.d/b.raw': 'right too' });
    const job = await planJob(world, 'sample', 'restore-7');
    expect(job).toMatchObject({
      ref: { workflowId: 'restore-7', runId: 'run-of-restore-7', verifyOnly: false },
      limits: world.deps.limits,
      rawFiles: 1,
      files: 2,
      bytes: 14,
      filesRefused: 0,
      rawFilesRefused: 0,
      chainPages: 1,
      smallPages: 0,
      destinations: [join(world.root, 'P1')],
    });
    const files = await readAllFiles(job.ref.folder);
    expect(files.map(({ index, file, key }) => [index, file, key])).toEqual([
      [0, 'a.raw', 'sample/a.raw'],
      [1, 'x.d/b.raw', 'sample/x.d/b.raw'],
    ]);
    const { dev } = await stat(world.root);
    expect(files[0]).toMatchObject({
      bucket: BUCKET,
      destination: join(world.root, 'P1'),
      filesystem: String(dev),
    });
  });

  test('has the raw files in the order asked for, and one destination for each project', async () => {
    world.addRawFile('one', { 'a.raw': 'a' }, { project: 'P2' });
    world.addRawFile('two', { 'b.raw': 'b' }, { project: 'P1' });
    world.addRawFile('three', { 'c.raw': 'c' }, { project: 'P2' });
    const job = await planJob(world, 'three,two,one');
    expect((await readAllFiles(job.ref.folder)).map(({ rawFileId }) => rawFileId)).toEqual([
      'three',
      'two',
      'one',
    ]);
    expect(job.destinations).toEqual([join(world.root, 'P2'), join(world.root, 'P1')]);
  });

  test('goes on where a raw file cannot be planned', async () => {
    world.addRawFile('good', { 'a.raw': 'a' });
    world.addRawFile('homeless', { 'b.raw': 'b' }, { project: null });
    expect(await planJob(world, 'gone,good,homeless')).toMatchObject({
      rawFiles: 3,
      files: 1,
      rawFilesRefused: 2,
    });
  });

  test('has the endings of refused files from the start', async () => {
    world.addRawFile('sample', { 'a.raw': 'a', '../up': 'b' });
    const job = await planJob(world, 'sample');
    expect(job.filesRefused).toBe(1);
    expect([...(await readRecorded(job.ref.folder)).outcomes.values()]).toMatchObject([
      { index: 1, ending: { code: 'unsafe-path' } },
    ]);
  });

  test('restores small files in pages where there are many, and large ones one by one', async () => {
    const entries = world.addRawFile(
      'sample',
      Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`${at}.raw`, 'x'])),
    );
    const large = entries['7.raw'] ?? [];
    large[0] = 9 * 1024 * 1024;
    expect(await planJob(world, 'sample')).toMatchObject({ files: 501, chainPages: 1, smallPages: 5 });
  });

  test.each([
    [['*.raw'], ['a.raw', 'x.d/b.raw']],
    [['x.d/*'], ['x.d/b.raw', 'x.d/.hidden']],
    [['**/.hidden'], ['x.d/.hidden']],
    [['*/b.raw'], ['x.d/b.raw']],
    [['x.d/b.raw', 'y.d/*'], ['x.d/b.raw']],
    [['**'], ['a.raw', 'x.d/b.raw', 'x.d/.hidden']],
    [
      ['a.raw', '.hidden'],
      ['a.raw', 'x.d/.hidden'],
    ],
  ])('of the selection %j has %j', async (files, selected) => {
    world.addRawFile('sample', { 'a.raw': 'a', 'x.d/b.raw': 'b', 'x.d/.hidden': 'c' });
    const { ref } = await planJob(world, { raw_file_ids: 'sample', files });
    expect((await readAllFiles(ref.folder)).map(({ file }) => file)).toEqual(selected);
  });
});

describe('a job is refused before anything is touched', () => {
  test.each([
    ['no ids', ' , ,', 'raw_file_ids: expected'],
    [
      'a selection that selects nothing',
      { raw_file_ids: 'sample', files: ['*.mzML'] },
      'files: expected globs that match',
    ],
    ['an unknown property', { raw_file_ids: 'sample', dry: true }, 'dry: unknown property'],
  ])('%s', async (_, input, message) => {
    world.addRawFile('sample', { 'a.raw': 'a' });
    expect(await plan(input)).toEqual({ kind: 'invalid', message: expect.stringContaining(message) });
    expect(await readdir(world.root)).toEqual([]);
    expect(world.store.requests).toEqual([]);
  });

  test('a disk that fails ends the job after its retries, and is not called the catalogue', async () => {
    world.addRawFile('sample', { 'a.raw': 'a' });
    const broken = Object.assign(new Error('EIO: i/o error, statfs'), { code: 'EIO', syscall: 'statfs' });
    let asked = 0;
    const rawFiles = { find: () => Promise.reject(((asked += 1), broken)) };
    const { planRestore } = createRestoreActivities({ ...world.deps, rawFiles });
    await expect(runActivity(() => planRestore(request('sample')))).rejects.toMatchObject({
      type: 'OutputUnavailable',
      message: 'EIO: i/o error, statfs',
      nonRetryable: true,
    });
    expect(asked).toBe(2);
  });

  test('a catalogue that cannot be read ends the job after its retries', async () => {
    let asked = 0;
    const rawFiles = { find: () => Promise.reject(new Error(`MONGODB_URI: host not found ${(asked += 1)}`)) };
    const { planRestore } = createRestoreActivities({ ...world.deps, rawFiles });
    await expect(runActivity(() => planRestore(request('sample')))).rejects.toMatchObject({
      type: 'CatalogueUnavailable',
      message: 'MONGODB_URI: host not found 2',
      nonRetryable: true,
    });
    expect(asked).toBe(2);
  });
});

describe('the time limit of the job', () => {
  const limited = (timeoutMs: number, find: RestoreDeps['rawFiles']['find']) => {
    // The job began 1.5 s ago.
    const limits = { timeoutMs, retries: 9, retryDelayMs: 5000 };
    const { planRestore } = createRestoreActivities({ ...world.deps, limits, rawFiles: { find } });
    return runActivity(() => planRestore(request('sample')));
  };
  const never = () => Promise.reject(new Error('not to be asked'));

  test('that is over ends the planning before it begins', async () => {
    expect(await limited(1500, never)).toEqual({ kind: 'too-late' });
  });

  test('ends the planning in the middle of a question to the catalogue', async () => {
    const silent: RestoreDeps['rawFiles']['find'] = (_, signal) =>
      new Promise((__, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    expect(await limited(1600, silent)).toEqual({ kind: 'too-late' });
  });

  test('leaves no room for a try that would come after it', async () => {
    await expect(limited(4000, never)).rejects.toMatchObject({ type: 'CatalogueUnavailable' });
  });
});
