import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PlannedJob, ReportRequest, RestoreResult } from '../../core/contract.js';
import { createRestoreActivities } from '../../activities/index.js';
import { appendFile } from 'node:fs/promises';
import { outcomeOf } from '../../activities/endings.js';
import { recordOutcome, recordStart } from '../../activities/outcome-lines.js';
import { readAllFiles } from '../../activities/stored-plan.js';
import { openWorld, runActivity } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { planJob, plannedFiles, reportLines, restoreAll, restoreOne } from '../support/restore-job.js';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

const NAME = '_download_status_batch_20250204_143022';
const write = ({ ref }: PlannedJob, changes: Partial<ReportRequest> = {}): Promise<RestoreResult> =>
  runActivity(() =>
    createRestoreActivities(world.deps).writeReport({
      job: ref,
      stop: null,
      fullFilesystems: [],
      ...changes,
    }),
  );

describe('the reports of a job', () => {
  test('there is one pair for the raw files of one destination', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    world.addRawFile('two', { 'b.raw': 'b' });
    const { result, lines } = await restoreAll(world, 'one,two', 'restore-9');
    expect(result).toMatchObject({
      status: 'SUCCESS',
      raw_files: 2,
      files: 2,
      failed: 0,
      duration_s: 1.5,
      reports: [join(world.root, 'P1', `${NAME}.txt`)],
    });
    expect(lines).toHaveLength(2);
    expect((await readdir(join(world.root, 'P1'))).toSorted()).toEqual([
      `${NAME}.json`,
      `${NAME}.txt`,
      'a.raw',
      'b.raw',
    ]);
    const json = JSON.parse(await readFile(join(world.root, 'P1', `${NAME}.json`), 'utf8'));
    expect(json).toMatchObject({
      workflow_id: 'restore-9',
      run_id: 'run-of-restore-9',
      timestamp: '2025-02-04T14:30:22Z',
      totals: { files: 2, bytes_downloaded: 2, duration_s: 1.5 },
    });
    expect(json.raw_files.map((one: { raw_file_id: string }) => one.raw_file_id)).toEqual(['one', 'two']);
  });

  test('there is one pair for each destination, and one in the output root for raw files without any', async () => {
    world.addRawFile('one', { 'a.raw': 'a' }, { project: 'P1' });
    world.addRawFile('two', { 'b.raw': 'b' }, { project: 'P2' });
    const { result } = await restoreAll(world, 'one,gone,two');
    expect(result.reports).toEqual([
      join(world.root, 'P1', `${NAME}.txt`),
      join(world.root, `${NAME}.txt`),
      join(world.root, 'P2', `${NAME}.txt`),
    ]);
    expect(result).toMatchObject({
      status: 'PARTIAL FAILURE',
      raw_files: 3,
      files: 2,
      successful: 2,
      failed: 0,
      failures: [{ raw_file_id: 'gone', file: null, status: 'ERROR: RawFile not found in DB' }],
    });
    const text = await readFile(join(world.root, `${NAME}.txt`), 'utf8');
    expect(text).toContain(
      'Raw File: gone\nProject ID: UNKNOWN\nS3 Bucket: UNKNOWN\nERROR: RawFile not found in DB\n',
    );
  });

  test('in one second are numbered, and none is written over', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    const results = [
      await restoreAll(world, 'one'),
      await restoreAll(world, 'one'),
      await restoreAll(world, 'one'),
    ];
    expect(results.flatMap(({ result }) => result.reports)).toEqual(
      [`${NAME}.txt`, `${NAME}_2.txt`, `${NAME}_3.txt`].map((name) => join(world.root, 'P1', name)),
    );
    expect(results.map(({ lines }) => lines[0])).toEqual([
      expect.stringContaining('Downloaded'),
      expect.stringContaining('Skipped'),
      expect.stringContaining('Skipped'),
    ]);
    expect(await readdir(join(world.root, 'P1'))).toContain(`${NAME}_3.json`);
  });

  test('of two jobs in the same moment are two pairs', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    const jobs = await Promise.all(Array.from({ length: 5 }, () => planJob(world, 'one')));
    const results = await Promise.all(jobs.map((job) => write(job, { stop: 'cancelled' })));
    expect(new Set(results.flatMap(({ reports }) => reports)).size).toBe(5);
    const names = (await readdir(join(world.root, 'P1'))).filter((name) => name.startsWith('_download'));
    expect(names).toHaveLength(10);
  });

  test('are not written a second time where the step is repeated, not even where its notes are torn', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    world.addRawFile('two', { 'b.raw': 'b' }, { project: 'P2' });
    const job = await planJob(world, 'one,two');
    const first = await write(job, { stop: 'cancelled' });
    await appendFile(join(job.ref.folder, 'reports.jsonl'), '["/to');
    expect(await write(job, { stop: 'cancelled' })).toEqual(first);
    expect((await world.files()).filter((name) => name.endsWith('.txt'))).toHaveLength(2);
  });
});

describe('every file has exactly one line', () => {
  test.each([
    ['deadline', 'FAILURE - Interrupted (deadline)', 'FAILURE - Not started (deadline)'],
    ['cancelled', 'FAILURE - Interrupted (cancelled)', 'FAILURE - Not started (cancelled)'],
    [
      null,
      'FAILURE - Download failed (no outcome was recorded)',
      'FAILURE - Download failed (no outcome was recorded)',
    ],
  ] as const)('after a stop by %s', async (stop, begun, notBegun) => {
    world.addRawFile('one', { 'done.raw': 'a', 'begun.raw': 'b', 'new.raw': 'c', '../up': 'd' });
    const job = await planJob(world, 'one');
    const [done, started] = await plannedFiles(job);
    if (done === undefined || started === undefined) throw new Error('no files');
    await restoreOne(world, job, done);
    await recordStart(job.ref.folder, started.index);
    const result = await write(job, { stop });
    expect(await reportLines(result)).toEqual([
      'done.raw: OK - Downloaded and verified (0.0 MB in 0.0s)',
      `begun.raw: ${begun}`,
      `new.raw: ${notBegun}`,
      '../up: FAILURE - Unsafe path',
    ]);
    expect(result).toMatchObject({ files: 4, successful: 1, failed: 3 });
  });

  test('where a filesystem was full, what was not begun says so', async () => {
    world.addRawFile('one', { 'full.raw': 'a', 'new.raw': 'b' });
    const job = await planJob(world, 'one');
    const [full] = await readAllFiles(job.ref.folder);
    await recordStart(job.ref.folder, 0);
    await recordOutcome(job.ref.folder, outcomeOf(0, { code: 'disk-full' }));
    expect(await reportLines(await write(job, { fullFilesystems: [full?.filesystem ?? ''] }))).toEqual([
      'full.raw: FAILURE - Disk full',
      'new.raw: FAILURE - Not started (disk full)',
    ]);
  });

  test('where a step was repeated and left two endings', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    const job = await planJob(world, 'one');
    for (let times = 0; times < 3; times += 1)
      await recordOutcome(job.ref.folder, outcomeOf(0, { code: 'skipped' }));
    expect(await reportLines(await write(job))).toEqual(['a.raw: OK - Skipped (already exists)']);
  });
});

describe('a destination that cannot be written any more', () => {
  test('has its report in the output root', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    const job = await planJob(world, 'one');
    await rm(join(world.root, 'P1'), { recursive: true });
    await writeFile(join(world.root, 'P1'), 'a file in the way');
    const result = await write(job, { stop: 'cancelled' });
    expect(result.reports).toEqual([join(world.root, `${NAME}.txt`)]);
    expect(await readFile(result.reports[0] ?? '', 'utf8')).toContain(
      `Destination: ${join(world.root, 'P1')}\n`,
    );
    expect(await readdir(world.root)).toEqual(expect.arrayContaining([`${NAME}.json`, `${NAME}.txt`]));
  });

  test('has its report in the result where the output root cannot be written either', async () => {
    world.addRawFile('one', { 'a.raw': 'a' });
    const job = await planJob(world, 'one');
    await rm(join(world.root, 'P1'), { recursive: true });
    await writeFile(join(world.root, 'P1'), 'a file in the way');
    const settings = { ...world.deps.settings, outputRoot: join(world.root, 'P1') };
    const { writeReport } = createRestoreActivities({ ...world.deps, settings });
    const result = await runActivity(() =>
      writeReport({ job: job.ref, stop: 'cancelled', fullFilesystems: [] }),
    );
    expect(result.reports).toEqual([]);
    expect(result.unwritten_reports).toEqual([
      {
        destination: join(world.root, 'P1'),
        problem: expect.stringContaining('EEXIST'),
        text: expect.stringContaining('a.raw: FAILURE - Not started (cancelled)'),
      },
    ]);
  });
});
