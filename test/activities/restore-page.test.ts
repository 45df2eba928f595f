import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { PageAnswer, PlannedJob } from '../../core/contract.js';
import { createTransferActivities } from '../../activities/index.js';
import { readRecorded } from '../../activities/outcome-lines.js';
import { readPage } from '../../activities/stored-plan.js';
import type { RestoreDeps } from '../../activities/deps.js';
import { StoreProblem } from '../../activities/ports.js';
import { openWorld, runActivity, silent } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { asSmallPage, finish, leftovers, planJob } from '../support/restore-job.js';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

async function pageOf(files: Readonly<Record<string, string>>): Promise<PlannedJob> {
  world.addRawFile('sample', files);
  const job = await planJob(world, 'sample');
  await asSmallPage(job);
  return job;
}
const stepOf = ({ ref, limits }: PlannedJob, fullFilesystems: readonly string[] = []) => ({
  job: ref,
  limits,
  page: 0,
  fullFilesystems,
});
const restorePage = (
  job: PlannedJob,
  deps: RestoreDeps = world.deps,
  attempt = 1,
  full: readonly string[] = [],
): Promise<PageAnswer> =>
  runActivity(() => createTransferActivities(deps).restorePage(stepOf(job, full)), { attempt });
const reads = (): readonly string[] =>
  world.store.requests.filter(({ operation }) => operation === 'read').map(({ key }) => key);
const many = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`${at}.raw`, `bytes of ${at}`]));

describe('a page of small files', () => {
  test('is restored whole, each file with a line of its own', async () => {
    const job = await pageOf(many);
    expect(await restorePage(job)).toEqual({
      files: 60,
      failed: 0,
      bytes: job.bytes,
      bytesDownloaded: job.bytes,
      fullFilesystems: [],
      filesOfRawFiles: { sample: 60 },
    });
    expect(await world.read('P1/59.raw')).toBe('bytes of 59');
    const { lines } = await finish(world, job);
    expect(lines).toHaveLength(60);
    expect(new Set(lines.map((line) => line.replace(/^.*?: /, '')))).toEqual(
      new Set(['OK - Downloaded and verified (0.0 MB in 0.0s)']),
    );
    expect(await leftovers(world)).toEqual([]);
  });

  test('goes on with the other files where one cannot be restored', async () => {
    const job = await pageOf({ 'a.raw': 'a', 'b.raw': 'b', 'c.raw': 'c' });
    world.store.failWith(({ key }) => (key.endsWith('b.raw') ? { kind: 'problem', code: 'denied' } : null));
    expect(await restorePage(job)).toMatchObject({ files: 3, failed: 1 });
    expect((await finish(world, job)).lines).toEqual([
      'a.raw: OK - Downloaded and verified (0.0 MB in 0.0s)',
      'b.raw: FAILURE - S3 access denied',
      'c.raw: OK - Downloaded and verified (0.0 MB in 0.0s)',
    ]);
  });

  test('tries again only what failed, and as often as the limits say', async () => {
    const job = await pageOf({ 'a.raw': 'a', 'b.raw': 'b' });
    world.store.failWith(({ key, operation }) =>
      key.endsWith('b.raw') && operation === 'head' ? { kind: 'problem', code: 'unavailable' } : null,
    );
    expect(await restorePage(job)).toMatchObject({ files: 2, failed: 1 });
    expect(world.store.requests.map(({ key }) => key).toSorted()).toEqual([
      'sample/a.raw',
      'sample/a.raw',
      'sample/b.raw',
      'sample/b.raw',
    ]);
    expect((await finish(world, job)).lines[1]).toMatch(/^b\.raw: FAILURE - Download failed \(.*unavailable/);
  });

  test('a file that comes right at its second try is right', async () => {
    const job = await pageOf({ 'a.raw': 'right' });
    let asked = 0;
    world.store.failWith(({ operation }) =>
      operation === 'read' && asked++ === 0 ? { kind: 'flip', bytes: 0 } : null,
    );
    expect(await restorePage(job)).toMatchObject({ failed: 0 });
    expect(await world.read('P1/a.raw')).toBe('right');
  });

  test('bytes that are wrong every time are a failed verification', async () => {
    const job = await pageOf({ 'a.raw': 'right' });
    world.store.failWith(({ operation }) => (operation === 'read' ? { kind: 'flip', bytes: 0 } : null));
    expect(await restorePage(job)).toMatchObject({ failed: 1 });
    expect((await finish(world, job)).lines).toEqual(['a.raw: FAILURE - Download verification failed']);
    expect(await world.read('P1/a.raw')).toBeNull();
  });

  test('that is repeated after its worker was killed goes on where it was', async () => {
    const job = await pageOf(many);
    const environment = new MockActivityEnvironment({}, { logger: silent });
    let asked = 0;
    world.store.failWith(({ operation }) => {
      if (operation === 'read' && (asked += 1) === 30) environment.cancel();
      return null;
    });
    const killed = environment.run(() => createTransferActivities(world.deps).restorePage(stepOf(job)));
    await expect(killed).rejects.toThrow(CancelledFailure);
    const { outcomes } = await readRecorded(job.ref.folder);
    expect(outcomes.size).toBeGreaterThan(0);
    expect(outcomes.size).toBeLessThan(60);
    const before = reads().length;
    expect(await restorePage(job, world.deps, 2)).toMatchObject({ files: 60, failed: 0 });
    expect(reads().length - before).toBe(60 - outcomes.size);
    expect((await finish(world, job)).lines).toHaveLength(60);
  });

  test('says nothing of files that were cut off, but that they were begun', async () => {
    const job = await pageOf({ 'a.raw': 'a' });
    world.store.failWith(({ operation }) => (operation === 'read' ? { kind: 'stall', bytes: 0 } : null));
    const environment = new MockActivityEnvironment({}, { logger: silent });
    const running = environment.run(() => createTransferActivities(world.deps).restorePage(stepOf(job)));
    setTimeout(() => environment.cancel(), 100);
    await expect(running).rejects.toThrow(CancelledFailure);
    const { outcomes, started } = await readRecorded(job.ref.folder);
    expect([outcomes.size, started.size]).toEqual([0, 1]);
    expect(await world.read('P1/a.raw')).toBeNull();
  });

  test('does not begin the files of a filesystem that is known to be full', async () => {
    const job = await pageOf({ 'a.raw': 'a' });
    const [filesystem = ''] = await filesystemsOf(job);
    expect(await restorePage(job, world.deps, 1, [filesystem])).toMatchObject({
      files: 1,
      failed: 1,
      bytes: 1,
      bytesDownloaded: 0,
      fullFilesystems: [filesystem],
    });
    expect(world.store.requests).toEqual([]);
    expect((await finish(world, job, [filesystem])).lines).toEqual([
      'a.raw: FAILURE - Not started (disk full)',
    ]);
  });

  test('goes on with the files of other filesystems', async () => {
    const job = await pageOf({ 'a.raw': 'a' });
    expect(await restorePage(job, world.deps, 1, ['another'])).toMatchObject({
      failed: 0,
      fullFilesystems: ['another'],
    });
  });
});

describe('a filesystem that becomes full', () => {
  const NO_SPACE = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', syscall: 'write' });

  test('ends its own files, begun or not, and the files of the others go on', async () => {
    const job = await pageOf(many);
    const files = await readPage(job.ref.folder, 'small', 0);
    const isElsewhere = (index: number): boolean => index % 2 === 1;
    const lines = files.map((file) =>
      JSON.stringify(isElsewhere(file.index) ? { ...file, filesystem: 'elsewhere' } : file),
    );
    await writeFile(join(job.ref.folder, 'small-000000.jsonl'), lines.join('\n'));
    const store = {
      ...world.store,
      readRange: async (...args: Parameters<typeof world.store.readRange>) => {
        const index = files.findIndex(({ key }) => key === args[0].key);
        if (index === 7) throw new StoreProblem('unavailable', 'no answer');
        if (!isElsewhere(index)) throw NO_SPACE;
        return world.store.readRange(...args);
      },
    };
    const [here] = await filesystemsOf(job);
    const patient = { ...job, limits: { ...job.limits, retries: 0 } };
    const page = await restorePage(patient, { ...world.deps, store });
    expect(page).toMatchObject({ files: 60, failed: 31, fullFilesystems: [here ?? ''] });
    const endings = (await finish(world, job, page.fullFilesystems)).lines.map((line) =>
      line.replace(/^.*?: /, ''),
    );
    expect(
      endings
        .filter((_, index) => isElsewhere(index) && index !== 7)
        .every((line) => line.startsWith('OK - ')),
    ).toBe(true);
    expect(endings[7]).toBe('FAILURE - Download failed (no answer)');
    expect(new Set(endings.filter((_, index) => !isElsewhere(index)))).toEqual(
      new Set(['FAILURE - Disk full', 'FAILURE - Not started (disk full)']),
    );
  });
});

const filesystemsOf = async ({ ref }: PlannedJob): Promise<readonly string[]> => {
  return (await readPage(ref.folder, 'small', 0)).map(({ filesystem }) => filesystem);
};
