import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RestoreResult } from '../../core/contract.js';
import { createRestoreActivities } from '../../activities/index.js';
import { openWorld, runActivity } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { planJob, reportLines, restoreAll } from '../support/restore-job.js';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

const NAME = '_download_status_batch_20250204_143022';

describe('reading reports', () => {
  const read = (...paths: readonly string[]) =>
    runActivity(() => createRestoreActivities(world.deps).readReport({ paths }));

  test('gives the texts of reports below the output root', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    const { result } = await restoreAll(world, 'one');
    const [path = ''] = result.reports;
    expect(await read(path)).toEqual({
      reports: [{ path, text: await readFile(path, 'utf8'), truncated: false }],
    });
  });

  test('gives those of a project whose folder is a link to another disk', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    await symlink(world.outside, join(world.root, 'P1'));
    const { result } = await restoreAll(world, 'one');
    const [path = ''] = result.reports;
    expect(path).toBe(join(world.root, `P1/${NAME}.txt`));
    expect((await read(path)).reports).toMatchObject([{ path, truncated: false }]);
    const [elsewhere, link] = [join(world.outside, 'elsewhere'), join(world.root, `P1/${NAME}_9.txt`)];
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, `${NAME}.txt`), 'secret');
    await symlink(join(elsewhere, `${NAME}.txt`), link);
    const astray = [
      link,
      `${world.root}/P1/../P1/elsewhere/${NAME}.txt`,
      `${world.root}/P1/elsewhere/${NAME}.txt`,
    ];
    expect(await read(...astray)).toEqual({ reports: [] });
  });

  test.each([
    ['another file of the output root', 'P1/a.raw'],
    ['a file beside the output root', `../outside/${NAME}.txt`],
    ['a link to a file outside', `P1/${NAME}_9.txt`],
    ['a link to a folder outside', `P1/link/${NAME}.txt`],
    ['a file of the system', '../../../../../../etc/passwd'],
    ['a report that is not there', `P1/${NAME}_7.txt`],
  ])('refuses %s', async (_, path) => {
    await mkdir(join(world.root, 'P1'));
    await writeFile(join(world.root, 'P1/a.raw'), 'secret');
    await writeFile(join(world.outside, `${NAME}.txt`), 'secret');
    await symlink(join(world.outside, `${NAME}.txt`), join(world.root, `P1/${NAME}_9.txt`));
    await symlink(world.outside, join(world.root, 'P1/link'));
    expect(await read(join(world.root, path))).toEqual({ reports: [] });
  });

  test('stops before the answer is too large for Temporal', async () => {
    await mkdir(join(world.root, 'P1'));
    const paths = [1, 2, 3].map((at) => join(world.root, `P1/${NAME}_${at}.txt`));
    await Promise.all(paths.map((path) => writeFile(path, 'x'.repeat(600_000))));
    const { reports } = await read(...paths);
    expect(reports.map(({ text, truncated }) => [text.length, truncated])).toEqual([
      [600_000, false],
      [400_000, true],
      [0, true],
    ]);
  });

  test('of a job that was terminated writes them first, once, and cleans up', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    await planJob(world, 'one', 'terminated/job');
    const { rescueReport } = createRestoreActivities(world.deps);
    const rescued = await runActivity(() => rescueReport({ workflowId: 'terminated/job' }));
    expect(await reportLines(rescued as RestoreResult)).toEqual(['a.raw: FAILURE - Not started (cancelled)']);
    expect(await readdir(world.root)).toEqual(['P1']);
    expect(await runActivity(() => rescueReport({ workflowId: 'terminated/job' }))).toBeNull();
  });

  test('of a job that Temporal’s own time limit ended say so', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    await planJob(world, 'one', 'late');
    const { rescueReport } = createRestoreActivities({ ...world.deps, standingOf: async () => 'timed-out' });
    const rescued = await runActivity(() => rescueReport({ workflowId: 'late' }));
    expect(await reportLines(rescued as RestoreResult)).toEqual(['a.raw: FAILURE - Not started (deadline)']);
  });

  test('leaves a running job alone', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    await planJob(world, 'one', 'running');
    const { rescueReport } = createRestoreActivities({ ...world.deps, standingOf: async () => 'running' });
    expect(await runActivity(() => rescueReport({ workflowId: 'running' }))).toBeNull();
    expect(await readdir(world.root)).toContain('.stowage');
  });
});
