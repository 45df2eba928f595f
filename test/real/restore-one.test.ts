import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bucketOf, noise } from '../../dev/corpus.js';
import { openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { CORRUPT, DOWNLOADED, HEALED, SKIPPED, runRestore } from '../support/run-restore.js';
import { treeState } from '../support/tree-state.js';

describe('one raw file', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.close());
  afterEach(async () => expect(await lab.strays()).toEqual([]));

  const bytes = noise(6_000_000, 'one');

  test('that is not there yet is downloaded; asked for again it is skipped', async () => {
    const project = lab.project('fresh');
    await lab.corpus.add({ id: 'fresh.raw', project, files: { 'fresh.raw': bytes }, chunkMb: 5 });
    const first = await runRestore(lab, 'fresh.raw');
    expect(first.failure).toBeNull();
    expect(first.files).toEqual({ 'fresh.raw': DOWNLOADED });
    expect(first.result.bytes_downloaded).toBe(bytes.length);
    expect(await lab.holds(`${project}/fresh.raw`, bytes)).toBe(true);

    const { ino, mtimeMs } = await stat(join(lab.output, project, 'fresh.raw'));
    const again = await runRestore(lab, 'fresh.raw');
    expect(again.failure).toBeNull();
    expect(again.files).toEqual({ 'fresh.raw': SKIPPED });
    expect(again.result.bytes_downloaded).toBe(0);
    expect(await stat(join(lab.output, project, 'fresh.raw'))).toMatchObject({ ino, mtimeMs });
  });

  test.each([
    ['a changed byte', Uint8Array.from(bytes, (byte, at) => (at === 4_000_000 ? byte ^ 1 : byte))],
    ['a lost end', bytes.subarray(0, -1)],
    ['a surplus end', Buffer.concat([bytes, Buffer.from('x')])],
    ['nothing in it', Buffer.alloc(0)],
  ])('whose local copy has %s is healed', async (name, wrong) => {
    const project = lab.project(`heal-${name.replaceAll(' ', '-')}`);
    const id = `${name}.raw`;
    await lab.corpus.add({ id, project, files: { [id]: bytes }, chunkMb: 5 });
    await lab.write(`${project}/${id}`, wrong);
    const { failure, files } = await runRestore(lab, id);
    expect(failure).toBeNull();
    expect(files).toEqual({ [id]: HEALED });
    expect(await lab.holds(`${project}/${id}`, bytes)).toBe(true);
    expect((await runRestore(lab, id)).files).toEqual({ [id]: SKIPPED });
  });

  test('of a dozen files with odd names comes back name by name, byte by byte', async () => {
    const project = lab.project('odd');
    const names = [
      'x.d/analysis.tdf',
      'x.d/analysis.tdf_bin',
      'x.d/empty.txt',
      'x.d/two words.txt',
      'x.d/Ümläut ß €.bin',
      'x.d/a+b.bin',
      'x.d/#1.bin',
      'x.d/what?.bin',
      'x.d/100%.bin',
      'x.d/%2F not a slash.bin',
      'x.d/it\'s "quoted" & <tagged>.xml',
      'x.d/deep/er/and/deeper/file',
      'x.d/.hidden',
      'x.d/line\nbreak and bell \u0007',
      'x.d/back\\slash.bin',
    ];
    const contents = Object.fromEntries(
      names.map((name, at) => [name, at === 2 ? new Uint8Array() : noise(1000 + at, name)]),
    );
    await lab.corpus.add({ id: 'x.d', project, files: contents, prefix: 'some prefix/2025+1' });
    const { failure, result, reports } = await runRestore(lab, 'x.d');
    expect(failure).toBeNull();
    expect(result).toMatchObject({ status: 'SUCCESS', files: names.length, successful: names.length });
    for (const [name, content] of Object.entries(contents))
      expect([name, await lab.holds(`${project}/${name}`, content)]).toEqual([name, true]);
    expect(reports[0]?.json.raw_files[0]?.files.map(({ file }) => file)).toEqual(names);
    expect(reports[0]?.text).toContain('x.d/line\\nbreak and bell \\x07: OK - ');
    expect((await runRestore(lab, 'x.d')).files['x.d/empty.txt']).toBe(SKIPPED);
  });

  test('with names that no folder can take is refused name by name, and the others come', async () => {
    const project = lab.project('unsafe');
    const unsafe = ['../out', '/etc/out', 'a/../../out', 'a//b', './a', 'C:/out', 'a\\..\\out', 'a/.', ''];
    const long = 'x'.repeat(256);
    const good = noise(2000, 'good');
    const info = await lab.corpus.add({ id: 'u.d', project, files: { 'u.d/good': good } });
    const entry = info['u.d/good'];
    const entries = Object.fromEntries([...unsafe, long].map((name) => [name, entry]));
    await catalogue('u.d', project, { ...entries, ...info });
    const { failure, files, reports } = await runRestore(lab, 'u.d');
    expect(failure?.type).toBe('RestoreIncomplete');
    const statuses = reports[0]?.json.raw_files[0]?.files.map(({ file, status }) => [file, status]) ?? [];
    expect(Object.keys(files)).toHaveLength(unsafe.length + 2);
    expect(statuses.filter(([file]) => file !== 'u.d/good')).toEqual(
      [...unsafe, long].map((name) => [name, 'FAILURE - Unsafe path']),
    );
    expect(files['u.d/good']).toBe(DOWNLOADED);
    expect((await lab.tree()).filter((path) => path.startsWith(project))).toHaveLength(5);
    expect(await lab.tree()).not.toContain('out');
    await expect(readFile(join(lab.output, '..', 'out'))).rejects.toThrow('ENOENT');
  });

  test.each(['%s', '%s/', 's3://%s', 's3://%s//'])('is found where s3_upload_path is %p', async (form) => {
    const project = lab.project(`form${form.length}`);
    const id = `form${form.length}.raw`;
    const info = await lab.corpus.add({ id, project, files: { [id]: bytes.subarray(0, 5000) } });
    await catalogue(id, project, info, form.replace('%s', bucketOf(project)));
    expect((await runRestore(lab, id)).files).toEqual({ [id]: DOWNLOADED });
  });

  test.each(['%s/a/b', '%s/a/b/', 's3://%s/a/b', 's3://%s/a/b//', '/%s//a/b/'])(
    'below a prefix is found where s3_upload_path is %p',
    async (form) => {
      const project = lab.project(`prefix${form.length}`);
      const id = `prefix${form.length}.raw`;
      const prefix = 'a/b';
      const info = await lab.corpus.add({ id, project, prefix, files: { [id]: bytes.subarray(0, 5000) } });
      await catalogue(id, project, info, form.replace('%s', bucketOf(project)));
      expect((await runRestore(lab, id)).files).toEqual({ [id]: DOWNLOADED });
    },
  );

  test('whose object in S3 was tampered with is a failure, and nothing local is touched', async () => {
    const project = lab.project('tamper');
    const files = { 'right.bin': bytes, 'wrong.bin': bytes, 'absent.bin': bytes, 'shorter.bin': bytes };
    await lab.corpus.add({ id: 'tampered', project, files, chunkMb: 5 });
    const other = noise(bytes.length, 'somebody else');
    for (const name of Object.keys(files))
      await lab.corpus.put(bucketOf(project), name, name === 'shorter.bin' ? other.subarray(1) : other);
    await lab.write(`${project}/right.bin`, bytes);
    await lab.write(`${project}/wrong.bin`, 'wrong');
    const before = await treeState(join(lab.output, project));
    const { failure, result, ...read } = await runRestore(lab, 'tampered');
    expect(failure?.type).toBe('RestoreIncomplete');
    expect(failure?.message).toContain('4 of 4 files failed');
    expect(failure?.message).toContain(result.reports[0]);
    expect(read.files).toEqual(Object.fromEntries(Object.keys(files).map((name) => [name, CORRUPT])));
    expect(result.bytes_downloaded).toBe(0);
    expect(await treeState(join(lab.output, project))).toMatchObject(before);
    expect((await lab.tree()).filter((path) => path.startsWith(`${project}/`))).toHaveLength(4);
  });

  const catalogue = (
    id: string,
    project: string,
    info: Readonly<Record<string, unknown>>,
    path = bucketOf(project),
  ): Promise<void> =>
    lab.corpus.catalogue({ _id: id, project_id: project, s3_upload_path: path, file_info: info });
});
