import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import type { ProgressAnswer, TransferUpdate } from '../../../core/contract.js';
import { TRANSFER_SIGNAL } from '../../../core/contract.js';
import { FILE_BYTES, aFile, allRight, ended, planOf } from '../../support/fake-steps.js';
import { gate } from '../../support/gate.js';
import { openWorld, until } from '../../support/workflow-world.js';
import type { Job, World } from '../../support/workflow-world.js';

const files = [aFile(0), aFile(1, { file: 'x_y/*b*.bin' })];
const right = allRight(files, new Map());

let world: World;
beforeAll(async () => {
  world = await openWorld({ devServer: [], cached: 10 });
});
afterAll(() => world.close());

const progressWhere = async (
  job: Job,
  holds: (progress: ProgressAnswer) => boolean,
): Promise<ProgressAnswer> => {
  await until(async () => holds(await job.progress()));
  return job.progress();
};

const detailsOf = async ({ handle }: Job): Promise<string> =>
  (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;

const update = (bytesDone: number, index = 0): TransferUpdate => ({
  index,
  rawFileId: 'sample',
  file: `f${index}.bin`,
  bytesDone,
  bytesTotal: FILE_BYTES,
});

describe('the query progress', () => {
  test('tells every phase, in the shape that CONTRACT §1 gives', async () => {
    const [planned, fetchedOne, reported] = [gate(), gate(), gate()];
    const job = await world.start(
      {
        planRestore: async (request) => {
          await planned.opened;
          return planOf(request, files, { rawFiles: 2, rawFilesRefused: 1 });
        },
        download: async (step) => {
          if (step.file.index === 1) await fetchedOne.opened;
          return right.download(step);
        },
        writeReport: async (request) => {
          await reported.opened;
          return right.writeReport(request);
        },
      },
      { files },
    );
    await until(() => job.calls.length === 1);
    expect(await job.progress()).toEqual({
      phase: 'planning',
      raw_files_total: 0,
      raw_files_done: 0,
      files_total: 0,
      files_done: 0,
      files_failed: 0,
      bytes_total: 0,
      bytes_done: 0,
      rate_bytes_per_s: 0,
      eta_s: null,
      current: [],
    });
    planned.open();
    const during = await progressWhere(
      job,
      ({ files_done, current }) => files_done === 1 && current[0]?.state === 'downloading',
    );
    expect(during).toMatchObject({
      phase: 'restoring',
      raw_files_total: 2,
      raw_files_done: 1,
      files_total: 2,
      files_done: 1,
      files_failed: 0,
      bytes_total: 2 * FILE_BYTES,
      bytes_done: FILE_BYTES,
      current: [
        {
          raw_file_id: 'sample',
          file: 'x_y/*b*.bin',
          state: 'downloading',
          bytes_done: 0,
          bytes_total: FILE_BYTES,
        },
      ],
    });
    fetchedOne.open();
    const reporting = await progressWhere(job, ({ phase }) => phase === 'reporting');
    expect(reporting).toMatchObject({
      raw_files_done: 2,
      files_done: 2,
      bytes_done: 2 * FILE_BYTES,
      current: [],
    });
    reported.open();
    await job.end();
    expect(await job.progress()).toMatchObject({
      phase: 'done',
      raw_files_done: 2,
      files_done: 2,
      current: [],
    });
  });

  test('counts refused files as done and failed from the start, and failures as they come', async () => {
    const job = await world.run(
      { s3EtagCheck: async ({ file }) => ended(file, { code: file.index === 0 ? 's3-denied' : 'skipped' }) },
      { files, plan: { files: 5, filesRefused: 3 } },
    );
    expect(await job.progress()).toMatchObject({ files_total: 5, files_done: 5, files_failed: 4 });
  });

  test('never falls while a file is fetched and verified; a transfer tells how far it is', async () => {
    const [download, verify] = [gate(), gate()];
    const job = await world.start(
      {
        download: (step) => download.opened.then(() => right.download(step)),
        localVerify: (step) => verify.opened.then(() => right.localVerify(step)),
      },
      { files: [aFile(0)] },
    );
    await progressWhere(job, ({ current }) => current[0]?.state === 'downloading');
    for (const bytes of [300, 700]) {
      await job.handle.signal(TRANSFER_SIGNAL, update(bytes));
      await progressWhere(job, ({ bytes_done }) => bytes_done === bytes);
    }
    await job.handle.signal(TRANSFER_SIGNAL, update(1, 99));
    download.open();
    const verifying = await progressWhere(job, ({ current }) => current[0]?.state === 'verifying');
    expect(verifying.bytes_done).toBe(FILE_BYTES);
    // A word that was on its way while the transfer ended.
    await job.handle.signal(TRANSFER_SIGNAL, update(900));
    expect((await job.progress()).bytes_done).toBe(FILE_BYTES);
    verify.open();
    await job.end();
    expect((await job.progress()).bytes_done).toBe(FILE_BYTES);
  });

  test('and the job stand whatever is sent as a signal', async () => {
    const download = gate();
    const job = await world.start(
      { download: (step) => download.opened.then(() => right.download(step)) },
      { files: [aFile(0)] },
    );
    await progressWhere(job, ({ current }) => current[0]?.state === 'downloading');
    await job.handle.signal(TRANSFER_SIGNAL);
    for (const bytesDone of ['all', Number.NaN, -1, null])
      await job.handle.signal(TRANSFER_SIGNAL, { ...update(0), bytesDone });
    for (const nonsense of [null, 'half of it', 7, [], { bytesDone: 7 }])
      await job.handle.signal(TRANSFER_SIGNAL, nonsense);
    await job.handle.signal('pause', { until: 'tomorrow' }, 7);
    await job.handle.signal('resume', null);
    await job.handle.signal(TRANSFER_SIGNAL, update(300));
    await progressWhere(job, ({ bytes_done, phase }) => bytes_done === 300 && phase === 'restoring');
    download.open();
    expect(await job.end()).toMatchObject({ status: 'COMPLETED' });
  });

  test('says how fast it goes, and how long it will take', async () => {
    const download = gate();
    const job = await world.start(
      { download: (step) => download.opened.then(() => right.download(step)) },
      { files: [aFile(0)] },
    );
    expect((await progressWhere(job, ({ current }) => current[0]?.state === 'downloading')).eta_s).toBeNull();
    await world.env.sleep('3s');
    await job.handle.signal(TRANSFER_SIGNAL, update(200));
    const { rate_bytes_per_s, eta_s } = await progressWhere(job, ({ bytes_done }) => bytes_done === 200);
    expect(rate_bytes_per_s).toBeGreaterThan(25);
    expect(rate_bytes_per_s).toBeLessThanOrEqual(67);
    expect(eta_s).toBe(Math.round(800 / rate_bytes_per_s));
    download.open();
    await job.end();
  });
});

describe('the current details', () => {
  test('tell the same as Markdown: where the job stands, what it does now, and what failed', async () => {
    const download = gate();
    const job = await world.start(
      {
        download: async (step) => {
          if (step.file.index === 0) throw ApplicationFailure.nonRetryable('no_such [host]');
          await download.opened;
          return right.download(step);
        },
      },
      { files },
    );
    await progressWhere(
      job,
      ({ files_failed, current }) => files_failed === 1 && current[0]?.state === 'downloading',
    );
    const details = await detailsOf(job);
    expect(details.split('\n')).toEqual([
      expect.stringMatching(/^\*\*restoring\*\*: 1 of 2 files, 1000 B of 2\.0 KB, \d.*\/s.*, 1 failed$/),
      '',
      'Now:',
      '',
      '- downloading: x\\_y/\\*b\\*.bin (0 B of 1000 B)',
      '',
      'Last failures:',
      '',
      '- f0.bin: FAILURE - Download failed (no\\_such \\[host\\])',
    ]);
    await job.handle.signal('pause');
    await until(async () => (await detailsOf(job)).startsWith('**paused**'));
    await job.handle.signal('resume');
    download.open();
    await job.end();
    expect(await detailsOf(job)).toMatch(/^\*\*done\*\*: 2 of 2 files, /);
  });
});
