import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { RestorePreview } from '../../core/contract.js';
import { bucketOf, noise } from '../../dev/corpus.js';
import { openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { CORRUPT, DOWNLOADED, runRestore } from '../support/run-restore.js';
import { treeState } from '../support/tree-state.js';

describe('a restore that is told to do less', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.close());
  afterEach(async () => expect(await lab.strays()).toEqual([]));

  const [small, large] = [noise(3000, 'small'), noise(12_000_000, 'large')];

  /** One file of each kind: there, wrong of the same size, wrong of another size, absent, and altered in S3. */
  async function fiveKinds(id: string): Promise<string> {
    const project = lab.project(id);
    const files = { there: small, wrong: small, shorter: small, absent: large, altered: small };
    await lab.corpus.add({ id, project, files, chunkMb: 5 });
    await lab.corpus.put(bucketOf(project), 'altered', noise(3000, 'altered'));
    await lab.write(`${project}/there`, small);
    await lab.write(`${project}/wrong`, noise(3000, 'wrong'));
    await lab.write(`${project}/shorter`, small.subarray(1));
    return project;
  }
  const preview = async (input: object): Promise<RestorePreview> =>
    (await lab.restore(input)).result as unknown as RestorePreview;

  test('a dry run says what would happen, with right numbers, and writes nothing at all', async () => {
    const project = await fiveKinds('dry');
    const elsewhere = lab.project('dry-elsewhere');
    await lab.corpus.add({ id: 'dry-new', project: elsewhere, files: { 'new.raw': large } });
    const before = await treeState(lab.output);
    const plan = await preview({ raw_file_ids: 'dry,dry-new,dry-unknown', dry_run: true });
    expect(await treeState(lab.output)).toEqual(before);
    const { filesystems, ...rest } = plan;
    expect(rest).toEqual({
      dry_run: true,
      raw_files: [
        {
          raw_file_id: 'dry',
          project_id: project,
          destination: join(lab.output, project),
          files: 5,
          bytes: 4 * 3000 + 12_000_000,
          download: 1,
          skip: 1,
          heal: 2,
          bytes_to_download: 2 * 3000 + 12_000_000,
          error: null,
        },
        {
          raw_file_id: 'dry-new',
          project_id: elsewhere,
          destination: join(lab.output, elsewhere),
          files: 1,
          bytes: 12_000_000,
          download: 1,
          skip: 0,
          heal: 0,
          bytes_to_download: 12_000_000,
          error: null,
        },
        {
          raw_file_id: 'dry-unknown',
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
      ],
      problems: [{ raw_file_id: 'dry', file: 'altered', status: CORRUPT }],
      problems_omitted: 0,
    });
    // Space is wanted for what is absent or of another size: the altered file is not there either.
    expect(filesystems).toHaveLength(1);
    expect(filesystems[0]?.needed_bytes).toBe(2 * 12_000_000 + 2 * 3000);
    const { bavail, bsize } = await statfs(lab.output);
    expect(Math.abs((filesystems[0]?.free_bytes ?? 0) / (bavail * bsize) - 1)).toBeLessThan(0.2);
  });

  test('verify only judges each file, downloads nothing and changes none', async () => {
    const project = await fiveKinds('verify');
    const before = await treeState(lab.output, { folderTimes: false });
    const { failure, result, files, reports } = await runRestore(lab, {
      raw_file_ids: 'verify',
      verify_only: true,
    });
    expect(failure?.type).toBe('RestoreIncomplete');
    expect(files).toEqual({
      there: 'OK - Verified (verify only)',
      wrong: 'FAILURE - Local file is wrong (verify only)',
      shorter: 'FAILURE - Local file is wrong (verify only)',
      absent: 'FAILURE - Local file is missing (verify only)',
      altered: CORRUPT,
    });
    expect(result.bytes_downloaded).toBe(0);
    expect(reports.map(({ json }) => json.destination)).toEqual([join(lab.output, project)]);
    const after = await treeState(lab.output, { folderTimes: false });
    const reportNames = Object.keys(after).filter((name) => !(name in before));
    expect(reportNames.every((name) => /\/_download_status_batch_/.test(name))).toBe(true);
    expect(reportNames).toHaveLength(2);
    expect(after).toMatchObject(before);
  });

  test('a selection restores what its globs match, by path or by name, and reports nothing else', async () => {
    const project = lab.project('globs');
    const files = {
      'g.raw': small,
      'g.d/analysis.tdf': small,
      'g.d/analysis.tdf_bin': small,
      'g.d/method/m.xml': small,
      '.hidden.raw': small,
    };
    await lab.corpus.add({ id: 'g', project, files });
    await lab.corpus.add({ id: 'g2', project, files: { 'g2.txt': small } });
    const matched = async (...globs: string[]): Promise<readonly string[]> => {
      const run = await runRestore(lab, { raw_file_ids: ['g', 'g2'], files: globs });
      expect(run.failure).toBeNull();
      return Object.keys(run.files);
    };
    expect(await matched('*.raw')).toEqual(['g.raw', '.hidden.raw']);
    expect(await matched('analysis.tdf', 'g2.*')).toEqual(['g.d/analysis.tdf', 'g2.txt']);
    expect(await lab.tree()).not.toContain(`${project}/g.d/analysis.tdf_bin`);
    expect(await matched('g.d/**')).toEqual(['g.d/analysis.tdf', 'g.d/analysis.tdf_bin', 'g.d/method/m.xml']);
    const plan = await preview({ raw_file_ids: 'g,g2', files: ['*.xml'], dry_run: true });
    expect(plan.raw_files.map((one) => one.files)).toEqual([1, 0]);
    const none = await lab.restore({ raw_file_ids: ['g', 'g2'], files: ['*.mzML'] });
    expect(none.failure).toMatchObject({ type: 'InvalidInput' });
    expect(none.failure?.message).toContain('none matches ["*.mzML"]');
  });

  test('settings may put restores below a subfolder and give files without a project one', async () => {
    const other = await openLab({ restore: { subfolder: 's3_downloads', fallback_project: '_FALLBACK' } });
    const bucket = `subfolder-${other.unique}`;
    await other.corpus.add({ id: 'sub', project: 'S1', bucket, files: { 'sub.raw': small } });
    const info = await other.corpus.add({ id: 'homeless', project: 'S1', bucket, files: { 'h.raw': small } });
    await other.corpus.catalogue({ _id: 'homeless', s3_upload_path: bucket, file_info: info });
    const { failure, files } = await runRestore(other, 'sub,homeless');
    expect(failure).toBeNull();
    expect(files).toEqual({ 'sub.raw': DOWNLOADED, 'h.raw': DOWNLOADED });
    expect(await other.holds('s3_downloads/S1/sub.raw', small)).toBe(true);
    expect(await other.holds('s3_downloads/_FALLBACK/h.raw', small)).toBe(true);
    await other.close();
  });
});
