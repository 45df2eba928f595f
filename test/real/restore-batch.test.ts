import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { bucketOf, fileInfoOf, noise } from '../../dev/corpus.js';
import { openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { CORRUPT, DOWNLOADED, HEALED, SKIPPED, runRestore } from '../support/run-restore.js';

describe('a batch of raw files', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.close());
  afterEach(async () => expect(await lab.strays()).toEqual([]));

  const small = (id: string): Uint8Array => noise(3000, id);
  const add = async (project: string, ...ids: readonly string[]): Promise<void> => {
    for (const id of ids)
      await lab.corpus.add({
        id,
        project,
        files: { [`${id}.raw`]: small(id), [`${id}.d/b.bin`]: small('b') },
      });
  };
  const reportsIn = async (project: string): Promise<readonly string[]> =>
    (await lab.tree()).filter((path) => path.startsWith(`${project}/_download_status_batch_`));

  test('of one project has one report, in the order asked for', async () => {
    const project = lab.project('one');
    await add(project, 'one-a', 'one-b', 'one-c');
    const { failure, result, reports } = await runRestore(lab, ' one-c ,one-a,\n one-b,, one-a');
    expect(failure).toBeNull();
    expect(result).toMatchObject({ raw_files: 3, files: 6, successful: 6, failed: 0, failures: [] });
    expect(reports).toHaveLength(1);
    expect(reports[0]?.rawFiles).toEqual(
      ['one-c', 'one-a', 'one-b'].map((id) => ({
        id,
        project,
        bucket: bucketOf(project),
        error: null,
        files: { [`${id}.raw`]: DOWNLOADED, [`${id}.d/b.bin`]: DOWNLOADED },
      })),
    );
    expect(await reportsIn(project)).toHaveLength(2);
  });

  test('of five over three projects has three reports, each with its own raw files', async () => {
    const [x, y, z] = ['x', 'y', 'z'].map((name) => lab.project(name)) as [string, string, string];
    await add(x, 'x1', 'x2');
    await add(y, 'y1');
    await add(z, 'z1', 'z2');
    const { failure, reports } = await runRestore(lab, { raw_file_ids: ['x1', 'y1', 'z1', 'x2', 'z2'] });
    expect(failure).toBeNull();
    expect(reports.map(({ json, rawFiles }) => [json.destination, rawFiles.map(({ id }) => id)])).toEqual([
      [join(lab.output, x), ['x1', 'x2']],
      [join(lab.output, y), ['y1']],
      [join(lab.output, z), ['z1', 'z2']],
    ]);
    for (const project of [x, y, z]) expect(await reportsIn(project)).toHaveLength(2);
    expect((await lab.tree()).filter((path) => path.startsWith('_'))).toEqual([]);
  });

  test('with what is there, what is wrong and what is new treats each as it is', async () => {
    const project = lab.project('mix');
    await add(project, 'mix-new', 'mix-there', 'mix-wrong');
    await lab.write(`${project}/mix-there.raw`, small('mix-there'));
    await lab.write(`${project}/mix-wrong.raw`, small('something else'));
    const { failure, files, result } = await runRestore(lab, 'mix-there,mix-wrong,mix-new');
    expect(failure).toBeNull();
    expect(files).toEqual({
      'mix-there.raw': SKIPPED,
      'mix-there.d/b.bin': DOWNLOADED,
      'mix-wrong.raw': HEALED,
      'mix-wrong.d/b.bin': DOWNLOADED,
      'mix-new.raw': DOWNLOADED,
      'mix-new.d/b.bin': DOWNLOADED,
    });
    expect(result.bytes_downloaded).toBe(5 * 3000);
  });

  test('with raw files that cannot be restored says why of each, and restores the others', async () => {
    const project = lab.project('invalid');
    await add(project, 'sound-1', 'sound-2');
    const file_info = { 'x.raw': fileInfoOf(small('x'), 100) };
    const s3_upload_path = bucketOf(project);
    for (const document of [
      { _id: 'no-project', s3_upload_path, file_info },
      { _id: 'empty-project', project_id: '  ', s3_upload_path, file_info },
      { _id: 'climber', project_id: '../../etc', s3_upload_path, file_info },
      { _id: 'work-folder', project_id: '.stowage', s3_upload_path, file_info },
      { _id: 'no-backup', project_id: project, s3_upload_path: null, file_info },
      { _id: 'never-backed-up', project_id: project, file_info },
      { _id: 'no-files', project_id: project, s3_upload_path, file_info: {} },
      { _id: 'no-info', project_id: project, s3_upload_path },
    ])
      await lab.corpus.catalogue(document);
    const ids =
      'sound-1,unknown-id,no-project,empty-project,climber,work-folder,no-backup,never-backed-up,no-files,no-info,sound-2';
    const { failure, result, reports } = await runRestore(lab, ids);
    expect(failure).toMatchObject({ type: 'RestoreIncomplete' });
    expect(failure?.message).toMatch(
      /^0 of 4 files failed, 9 of 11 raw files could not be restored at all; /,
    );
    expect(reports.map(({ json }) => json.destination)).toEqual([join(lab.output, project), lab.output]);
    const [placed, unplaced] = reports.map(({ rawFiles }) =>
      rawFiles.map(({ id, project: of, bucket, error }) => [id, of, bucket, error]),
    );
    const bucket = bucketOf(project);
    const noBackup = 'No S3 backup (s3_upload_path is null)';
    expect(placed).toEqual([
      ['sound-1', project, bucket, null],
      ['no-backup', project, 'UNKNOWN', noBackup],
      ['never-backed-up', project, 'UNKNOWN', noBackup],
      ['no-files', project, bucket, 'Empty file_info'],
      ['no-info', project, bucket, 'Empty file_info'],
      ['sound-2', project, bucket, null],
    ]);
    expect(unplaced).toEqual([
      ['unknown-id', 'UNKNOWN', 'UNKNOWN', 'RawFile not found in DB'],
      ['no-project', 'UNKNOWN', bucket, 'No project_id'],
      ['empty-project', 'UNKNOWN', bucket, 'No project_id'],
      ['climber', '../../etc', bucket, 'Unsafe project_id'],
      ['work-folder', '.stowage', bucket, 'Unsafe project_id'],
    ]);
    expect(result.failures).toHaveLength(9);
    expect(result.failures).toContainEqual({
      raw_file_id: 'unknown-id',
      file: null,
      status: 'ERROR: RawFile not found in DB',
    });
    expect(await lab.holds(`${project}/sound-2.raw`, small('sound-2'))).toBe(true);
  });

  test('that failed in part succeeds when it is run again after the repair', async () => {
    const [p, q] = [lab.project('repair-p'), lab.project('repair-q')];
    await add(p, 'rp');
    await add(q, 'rq');
    await lab.corpus.put(bucketOf(p), 'rp.raw', small('bad'));
    await lab.corpus.remove(bucketOf(q), 'rq.d/b.bin');
    const broken = await runRestore(lab, 'rp,rq,rx');
    expect(broken.failure?.type).toBe('RestoreIncomplete');
    expect(broken.files).toEqual({
      'rp.raw': CORRUPT,
      'rp.d/b.bin': DOWNLOADED,
      'rq.raw': DOWNLOADED,
      'rq.d/b.bin': 'FAILURE - S3 file not found',
    });
    expect(broken.result).toMatchObject({ status: 'PARTIAL FAILURE', files: 4, successful: 2, failed: 2 });

    await lab.corpus.put(bucketOf(p), 'rp.raw', small('rp'));
    await lab.corpus.put(bucketOf(q), 'rq.d/b.bin', small('b'));
    await add(p, 'rx');
    const repaired = await runRestore(lab, 'rp,rq,rx');
    expect(repaired.failure).toBeNull();
    expect(repaired.files).toEqual({
      'rp.raw': DOWNLOADED,
      'rp.d/b.bin': SKIPPED,
      'rq.raw': SKIPPED,
      'rq.d/b.bin': DOWNLOADED,
      'rx.raw': DOWNLOADED,
      'rx.d/b.bin': DOWNLOADED,
    });
    expect(await reportsIn(p)).toHaveLength(4);
  });

  test('of fifty over five projects comes back whole', async () => {
    const ids = Array.from({ length: 50 }, (_, at) => `fifty-${at}`);
    for (const [at, id] of ids.entries())
      await lab.corpus.add({
        id,
        project: lab.project(`fifty${at % 5}`),
        files: { [`${id}.raw`]: small(id) },
      });
    const { failure, result, reports } = await runRestore(lab, { raw_file_ids: ids });
    expect(failure).toBeNull();
    expect(result).toMatchObject({ raw_files: 50, files: 50, successful: 50, bytes_downloaded: 150_000 });
    expect(reports.map(({ rawFiles }) => rawFiles.length)).toEqual([10, 10, 10, 10, 10]);
    for (const [at, id] of ids.entries())
      expect(await lab.holds(`${lab.project(`fifty${at % 5}`)}/${id}.raw`, small(id))).toBe(true);
  });
});
