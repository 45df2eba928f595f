import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bucketOf, noise } from '../../dev/corpus.js';
import { openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { DOWNLOADED, HEALED, runRestore } from '../support/run-restore.js';
import { mountTmpfs } from '../support/tmpfs.js';
import type { Tmpfs } from '../support/tmpfs.js';

const MB = 1_048_576;

describe('what the disk may do to a restore', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.close());
  afterEach(async () => expect(await lab.strays()).toEqual([]));

  const small = noise(3000, 'disk');

  test('what is in the way of a file fails that file, and nothing is written through a link', async () => {
    const project = lab.project('way');
    const outside = join(lab.folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'precious'), 'precious');
    const names = ['folder', 'fifo', 'link', 'linked/x', 'file/below', 'dangling', 'fine'];
    await lab.corpus.add({
      id: 'way',
      project,
      files: Object.fromEntries(names.filter((name) => name !== 'file/below').map((name) => [name, small])),
    });
    await lab.corpus.add({ id: 'below', project, files: { 'file/below': small } });
    await lab.write(`${project}/folder/inner`, 'inner');
    await lab.write(`${project}/file`, 'a file where a folder is needed');
    const at = (name: string): string => join(lab.output, project, name);
    execFileSync('mkfifo', [at('fifo')]);
    await symlink(join(outside, 'precious'), at('link'));
    await symlink(outside, at('linked'));
    await symlink(join(outside, 'nothing'), at('dangling'));
    const { result, files } = await runRestore(lab, 'way,below');
    expect(files).toEqual({
      folder: 'FAILURE - Cannot write (EISDIR)',
      fifo: HEALED,
      link: 'FAILURE - Unsafe path',
      'linked/x': 'FAILURE - Unsafe path',
      'file/below': 'FAILURE - Cannot write (ENOTDIR)',
      dangling: 'FAILURE - Unsafe path',
      fine: DOWNLOADED,
    });
    expect(result).toMatchObject({ successful: 2, failed: 5 });
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('precious');
    expect(await readlink(at('link'))).toBe(join(outside, 'precious'));
    await expect(readFile(join(outside, 'x'))).rejects.toThrow('ENOENT');
    await expect(readFile(join(outside, 'nothing'))).rejects.toThrow('ENOENT');
    expect(await lab.holds(`${project}/fifo`, small)).toBe(true);
    expect(String(await lab.read(`${project}/folder/inner`))).toBe('inner');
  });

  test('a destination that is a link to another place of the operator is followed', async () => {
    const project = lab.project('moved');
    await mkdir(join(lab.folder, 'other-disk'));
    await symlink(join(lab.folder, 'other-disk'), join(lab.output, project));
    await lab.corpus.add({ id: 'moved', project, files: { 'm.d/x': small } });
    expect((await runRestore(lab, 'moved')).files).toEqual({ 'm.d/x': DOWNLOADED });
    expect((await readFile(join(lab.folder, 'other-disk', 'm.d/x'))).equals(Buffer.from(small))).toBe(true);
  });

  test('raw files that cannot fit are refused before their first byte; others come', async () => {
    const project = lab.project('huge');
    await lab.corpus.add({ id: 'fits', project, files: { 'fits.raw': small } });
    const size = 10 ** 15;
    await lab.corpus.catalogue({
      _id: 'huge',
      project_id: project,
      s3_upload_path: bucketOf(project),
      file_info: { 'huge.raw': [size, '0'.repeat(32), `${'0'.repeat(32)}-2000000__500`] },
    });
    const { failure, rawFiles } = await runRestore(lab, 'huge,fits');
    expect(failure?.type).toBe('RestoreIncomplete');
    const need = ((size * 1.1) / MB).toFixed(1);
    expect(rawFiles[0]?.error).toMatch(
      new RegExp(`^Not enough disk space \\(need ${need} MB, free \\d+\\.\\d MB\\)$`),
    );
    expect(rawFiles[1]?.files).toEqual({ 'fits.raw': DOWNLOADED });
  });

  describe('on a disk of 24 MB', () => {
    const project = 'P-small-disk';
    let tmpfs: Tmpfs | null = null;
    beforeAll(async () => {
      tmpfs = await mountTmpfs(join(lab.output, project), '24m');
    });
    afterAll(async () => {
      await tmpfs?.unmount();
      await rm(join(lab.output, project), { recursive: true, force: true });
    });
    const bucket = (): string => `small-disk-${lab.unique}`;

    test('the check before the first byte knows its size', async () => {
      if (tmpfs === null) return;
      const files = { 'too-large.raw': noise(23 * MB, 'too large') };
      await lab.corpus.add({ id: 'too-large', project, bucket: bucket(), files, chunkMb: 5 });
      const { rawFiles } = await runRestore(lab, 'too-large');
      expect(rawFiles[0]?.error).toBe('Not enough disk space (need 25.3 MB, free 24.0 MB)');
    });

    test('a file that fills it fails, what follows on it is not begun, and other disks go on', async () => {
      if (tmpfs === null) return;
      // Without sizes in the catalogue the check before the first byte cannot know.
      const files = { 'fills.raw': noise(40 * MB, 'fills') };
      const info = await lab.corpus.add({ id: 'fills', project, bucket: bucket(), files, chunkMb: 5 });
      const later = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`later-${at}`, small]));
      await lab.corpus.add({ id: 'later', project, bucket: bucket(), files: later });
      const [, md5, etag] = info['fills.raw'] ?? [];
      const s3_upload_path = bucket();
      const file_info = { 'fills.raw': [null, md5, etag] };
      await lab.corpus.catalogue({ _id: 'fills', project_id: project, s3_upload_path, file_info });
      const roomy = lab.project('roomy');
      await lab.corpus.add({
        id: 'roomy',
        project: roomy,
        files: { 'r.raw': noise(9 * MB, 'r') },
        chunkMb: 5,
      });
      const { failure, reports } = await runRestore(lab, 'fills,later,roomy');
      expect(failure?.type).toBe('RestoreIncomplete');
      const [fills, rest] = reports[0]?.rawFiles ?? [];
      expect(fills?.files).toEqual({ 'fills.raw': 'FAILURE - Disk full' });
      const known = ['FAILURE - Not started (disk full)', 'FAILURE - Disk full', DOWNLOADED];
      expect(Object.values(rest?.files ?? {}).filter((status) => !known.includes(status))).toEqual([]);
      expect(rest?.files['later-29']).toBe('FAILURE - Not started (disk full)');
      expect(reports[1]?.rawFiles[0]?.files).toEqual({ 'r.raw': DOWNLOADED });
      expect(await lab.tree()).not.toContain(`${project}/fills.raw`);
      // There is room again, because what was fetched of it is gone.
      const { failure: again, files: repeated } = await runRestore(lab, 'later');
      expect(again).toBeNull();
      expect(Object.keys(repeated)).toHaveLength(30);
    });
  });
});
