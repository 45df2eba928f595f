import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bucketOf, noise } from '../../dev/corpus.js';
import { openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { DOWNLOADED, runRestore } from '../support/run-restore.js';
import { treeState } from '../support/tree-state.js';

describe('reports of real jobs', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.close());
  afterEach(async () => expect(await lab.strays()).toEqual([]));

  const small = noise(3000, 'report');
  const reportNames = async (project: string): Promise<readonly string[]> =>
    (await lab.tree()).filter((path) => path.startsWith(`${project}/_`) && path.endsWith('.txt'));

  const relative = (path: string): string => path.slice(lab.output.length + 1);

  test('are byte for byte what the contract says', async () => {
    const project = lab.project('exact');
    const mb = noise(3 * 1_048_576, 'three');
    await lab.corpus.add({ id: 'exact', project, files: { 'a.raw': mb, 'x.d/b.bin': small, c: small } });
    await lab.corpus.remove(bucketOf(project), 'c');
    await lab.corpus.catalogue({ _id: 'nowhere', project_id: project, s3_upload_path: null, file_info: {} });
    await lab.write(`${project}/x.d/b.bin`, small);
    const { reports } = await runRestore(lab, 'exact,nowhere');
    const [report] = reports;
    expect(report?.path).toMatch(/\/_download_status_batch_\d{8}_\d{6}\.txt$/);
    const [, day, time] = /batch_(\d{8})_(\d{6})\.txt$/.exec(report?.path ?? '') ?? [];
    const [y, m, d] = [day?.slice(0, 4), day?.slice(4, 6), day?.slice(6)];
    const clock = [time?.slice(0, 2), time?.slice(2, 4), time?.slice(4)].join(':');
    expect(report?.text.replace(/in \d+\.\ds\)/, 'in 0.1s)')).toBe(
      [
        'S3 Download Batch Status Report',
        '================================',
        `Destination: ${join(lab.output, project)}`,
        `Timestamp: ${y}-${m}-${d} ${clock} UTC`,
        'Raw Files Processed: 2',
        '',
        'Overall Summary:',
        '----------------',
        'Total raw files: 2',
        'Total files: 3',
        'Successful files: 2',
        'Failed files: 1',
        'Status: PARTIAL FAILURE',
        '',
        '='.repeat(80),
        'Raw File: exact',
        `Project ID: ${project}`,
        `S3 Bucket: ${bucketOf(project)}`,
        'Files: 3',
        '',
        'Files:',
        '------',
        'a.raw: OK - Downloaded and verified (3.0 MB in 0.1s)',
        'x.d/b.bin: OK - Skipped (already exists)',
        'c: FAILURE - S3 file not found',
        '',
        '='.repeat(80),
        'Raw File: nowhere',
        `Project ID: ${project}`,
        'S3 Bucket: UNKNOWN',
        'ERROR: No S3 backup (s3_upload_path is null)',
        '',
        '',
      ].join('\n'),
    );
    expect(Math.abs(Date.parse(`${y}-${m}-${d}T${clock}Z`) - Date.now())).toBeLessThan(60_000);
  });

  test('name the job they are of, and their JSON twin holds the evidence', async () => {
    const project = lab.project('twin');
    const info = await lab.corpus.add({ id: 'twin', project, files: { 'twin.raw': small }, chunkMb: 7 });
    const handle = await lab.start('twin');
    await handle.result();
    const [path] = await reportNames(project);
    const json = JSON.parse(await readFile(join(lab.output, path?.replace(/txt$/, 'json') ?? ''), 'utf8'));
    const [, md5] = info['twin.raw'] ?? [];
    expect(json).toMatchObject({
      destination: join(lab.output, project),
      workflow_id: handle.workflowId,
      run_id: (await handle.describe()).runId,
      status: 'SUCCESS',
      totals: { raw_files: 1, files: 1, successful: 1, failed: 0, bytes_downloaded: 3000 },
    });
    expect(json.totals.duration_s).toBeGreaterThan(0);
    expect(json.raw_files[0].files).toEqual([
      {
        file: 'twin.raw',
        status: expect.stringMatching(/^OK - Downloaded and verified \(0\.0 MB in \d+\.\ds\)$/),
        bytes: 3000,
        seconds: expect.any(Number),
        expected_etag: md5,
        s3_etag: md5,
        local_etag: md5,
        expected_md5: md5,
        local_md5: md5,
        version_id: null,
        attempts: 1,
        cause: null,
      },
    ]);
  });

  test('of earlier jobs are kept as they are, also of the same second', async () => {
    const project = lab.project('kept');
    await lab.corpus.add({ id: 'kept', project, files: { 'kept.raw': small } });
    const first = await runRestore(lab, 'kept');
    // Whatever second the next report is of, another has its name.
    for (let second = 0; second < 60; second += 1) {
      const stamp = new Date(Date.now() + second * 1000).toISOString().replace(/[-:]/g, '').replace('T', '_');
      await lab.write(`${project}/_download_status_batch_${stamp.slice(0, 15)}.txt`, 'of another job');
    }
    const before = await treeState(join(lab.output, project));
    const second = await runRestore(lab, 'kept');
    const third = await runRestore(lab, 'kept');
    expect(second.reports[0]?.path).toMatch(/_\d{6}_2\.txt$/);
    expect(third.reports[0]?.path).toMatch(/_\d{6}_[23]\.txt$/);
    expect(await treeState(join(lab.output, project))).toMatchObject(before);
    expect(await reportNames(project)).toEqual(
      expect.arrayContaining([first, second, third].map(({ reports }) => relative(reports[0]?.path ?? ''))),
    );
  });

  test('of five jobs that end at once are five', async () => {
    const project = lab.project('five');
    await lab.corpus.add({ id: 'five', project, files: { 'five.raw': small } });
    const runs = await Promise.all([1, 2, 3, 4, 5].map(() => lab.restore('five')));
    expect(runs.map(({ failure }) => failure)).toEqual([null, null, null, null, null]);
    const paths = runs.flatMap(({ result }) => result.reports.map(relative));
    expect((await reportNames(project)).toSorted()).toEqual(paths.toSorted());
    expect(paths).toHaveLength(5);
  });

  test('of a destination that cannot be written lie in the output root', async () => {
    const [blocked, open] = [lab.project('blocked'), lab.project('open')];
    await lab.corpus.add({ id: 'blocked', project: blocked, files: { 'b.raw': small } });
    await lab.corpus.add({ id: 'open', project: open, files: { 'o.raw': small } });
    await lab.write(blocked, 'a file where the folder must be');
    const { failure, reports } = await runRestore(lab, 'blocked,open');
    expect(failure?.message).toContain('1 of 2 raw files could not be restored at all');
    expect(
      reports.map(({ path, rawFiles }) => [path.replace(/_download.*/, ''), rawFiles[0]?.error]),
    ).toEqual([
      [`${lab.output}/`, 'Output location not writable (EEXIST)'],
      [join(lab.output, open, '/'), null],
    ]);
    expect(reports[0]?.json.destination).toBe(join(lab.output, blocked));
    expect(reports[1]?.rawFiles[0]?.files).toEqual({ 'o.raw': DOWNLOADED });
    expect(String(await lab.read(blocked))).toBe('a file where the folder must be');
    for (const { path } of reports.slice(0, 1))
      for (const kind of ['txt', 'json']) await rm(path.replace(/txt$/, kind));
  });

  test('that can be written nowhere come with the failure of the job', async () => {
    const nowhere = await openLab({ output: '/proc/stowage-cannot-write-here' });
    await nowhere.corpus.add({ id: 'nowhere', project: nowhere.project('n'), files: { 'n.raw': small } });
    const { failure, result } = await nowhere.restore('nowhere,unknown');
    expect(failure?.type).toBe('RestoreIncomplete');
    expect(result).toMatchObject({ status: 'PARTIAL FAILURE', raw_files: 2, files: 0, reports: [] });
    expect(result.unwritten_reports?.[0]?.text).toContain('Raw File: nowhere\n');
    expect(result.unwritten_reports?.[0]?.text).toContain('ERROR: Output location not writable (ENOENT)\n');
    expect(result.unwritten_reports?.[0]?.text).toContain('ERROR: RawFile not found in DB\n');
    await nowhere.close();
  });
});
