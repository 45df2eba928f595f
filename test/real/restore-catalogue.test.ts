import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Double, Int32, Long } from 'mongodb';
import { createHash } from 'node:crypto';
import { bucketOf, fileInfoOf, noise } from '../../dev/corpus.js';
import { openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { CORRUPT, DOWNLOADED, SKIPPED, runRestore } from '../support/run-restore.js';

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

describe('what the catalogue and S3 may hold', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.close());
  afterEach(async () => expect(await lab.strays()).toEqual([]));

  const bytes = noise(50_000, 'catalogue');
  const [size, hash, etag] = fileInfoOf(bytes, 500);

  /** Catalogues entries that all describe one object of the same name. */
  const catalogue = async (id: string, entries: Readonly<Record<string, unknown>>): Promise<string> => {
    const project = lab.project(id);
    await lab.corpus.add({
      id,
      project,
      files: Object.fromEntries(Object.keys(entries).map((name) => [name, bytes])),
    });
    await lab.corpus.catalogue({
      _id: id,
      project_id: project,
      s3_upload_path: bucketOf(project),
      file_info: entries,
    });
    return project;
  };

  test('an object of exactly one chunk, whose ETag in S3 ends in -1, counts as its plain MD5', async () => {
    const project = lab.project('chunk');
    const chunk = noise(5 * 1_048_576, 'chunk');
    const info = await lab.corpus.add({ id: 'chunk', project, files: { 'chunk.raw': chunk }, chunkMb: 5 });
    expect(info['chunk.raw']?.[2]).toBe(`${md5(chunk)}__5`);
    const first = await runRestore(lab, 'chunk');
    expect(first.files).toEqual({ 'chunk.raw': DOWNLOADED });
    expect(first.reports[0]?.json.raw_files[0]?.files[0]?.s3_etag).toMatch(/^[0-9a-f]{32}-1$/);
    expect((await runRestore(lab, 'chunk')).files).toEqual({ 'chunk.raw': SKIPPED });
  });

  test('sizes of every number type, and none at all, are read', async () => {
    await catalogue('sizes', {
      int32: [new Int32(size), hash, etag],
      int64: [Long.fromNumber(size), hash, etag],
      double: [new Double(size), hash, etag],
      null: [null, hash, etag],
      'null, two items': [null, hash],
      'no md5': [size, null, etag],
      'upper case': [size, hash.toUpperCase(), etag.toUpperCase()],
    });
    const { failure, files } = await runRestore(lab, 'sizes');
    expect(failure).toBeNull();
    expect(new Set(Object.values(files))).toEqual(new Set([DOWNLOADED]));
    expect(Object.keys(files)).toHaveLength(7);
  });

  test('an entry of two items is verified by its MD5: another object of that size does not pass', async () => {
    const project = await catalogue('two', {
      right: [size, hash],
      wrong: [size, hash],
      shorter: [size, hash],
    });
    await lab.corpus.put(bucketOf(project), 'wrong', noise(size, 'other'));
    await lab.corpus.put(bucketOf(project), 'shorter', bytes.subarray(1));
    const { files, reports } = await runRestore(lab, 'two');
    expect(files).toEqual({
      right: DOWNLOADED,
      wrong: 'FAILURE - Download verification failed',
      shorter: CORRUPT,
    });
    expect(reports[0]?.json.raw_files[0]?.files[1]).toMatchObject({
      attempts: 2,
      local_md5: md5(noise(size, 'other')),
    });
    expect(
      (await lab.tree()).filter((path) => path.startsWith(`${project}/`) && !path.includes('_')),
    ).toEqual([`${project}/right`]);
  });

  test('the MD5 is checked beside the ETag: an entry whose two digests disagree does not pass', async () => {
    const project = await catalogue('both', { file: [size, md5(noise(9, 'x')), etag] });
    expect((await runRestore(lab, 'both')).files).toEqual({ file: 'FAILURE - Download verification failed' });
    expect(await lab.tree()).not.toContain(`${project}/file`);
  });

  test('entries that cannot be read fail alone, each with what is wrong with it', async () => {
    await catalogue('unreadable', {
      'no separator': [size, hash, hash],
      'no digest': [size, hash, 'xyz__500'],
      'chunk 0': [size, hash, `${hash}__0`],
      'chunk -1': [size, hash, `${hash}__-1`],
      'chunk abc': [size, hash, `${hash}__abc`],
      'a text': 'abc',
      null: null,
      'one item': [size],
      nothing: [size, null],
      'negative size': [-1, hash, etag],
      'half a byte': [1.5, hash, etag],
      'size as text': [String(size), hash, etag],
      'wrong size': [size + 1, hash, etag],
      sound: [size, hash, etag],
    });
    const { failure, result, files } = await runRestore(lab, 'unreadable');
    expect(failure?.type).toBe('RestoreIncomplete');
    expect(result).toMatchObject({ files: 14, successful: 1, failed: 13 });
    expect(files['sound']).toBe(DOWNLOADED);
    for (const [name, what] of [
      ['no separator', 'ETag without "__"'],
      ['no digest', 'ETag is not an MD5'],
      ['chunk 0', 'chunk size is not a positive integer'],
      ['chunk -1', 'chunk size is not a positive integer'],
      ['chunk abc', 'chunk size is not a positive integer'],
      ['a text', 'not a list'],
      ['null', 'not a list'],
      ['one item', 'a list of 1'],
      ['nothing', 'neither MD5 nor ETag'],
      ['negative size', 'size is not a whole number of bytes: -1'],
      ['half a byte', 'size is not a whole number of bytes: 1.5'],
      ['size as text', 'size is not a whole number'],
      ['wrong size', 'size: the catalogue has 50001 bytes, S3 has 50000'],
    ] as const)
      expect(files[name]).toMatch(new RegExp(`^FAILURE - Catalogue entry invalid \\(${what}`));
  });

  test('a bucket that is gone fails all its files; an object that is gone fails alone', async () => {
    const project = await catalogue('gone', { there: [size, hash, etag], gone: [size, hash, etag] });
    await lab.corpus.remove(bucketOf(project), 'gone');
    await lab.corpus.catalogue({
      _id: 'bucketless',
      project_id: project,
      s3_upload_path: `s3://never-made-${lab.unique}/x`,
      file_info: { 'b/1': [size, hash, etag], 'b/2': [size, hash, etag] },
    });
    await lab.write(`${project}/b/1`, 'kept, because S3 is the broken side');
    const { failure, files } = await runRestore(lab, 'gone,bucketless');
    expect(failure?.message).toMatch(/^3 of 4 files failed; /);
    expect(files).toEqual({
      there: DOWNLOADED,
      gone: 'FAILURE - S3 file not found',
      'b/1': 'FAILURE - S3 bucket not found',
      'b/2': 'FAILURE - S3 bucket not found',
    });
    expect(String(await lab.read(`${project}/b/1`))).toBe('kept, because S3 is the broken side');
  });

  test('_FALLBACK is a project like any other', async () => {
    const project = '_FALLBACK';
    const bucket = `fallback-${lab.unique}`;
    await lab.corpus.add({ id: 'fallback', project, bucket, files: { 'f.raw': bytes } });
    const { failure, reports } = await runRestore(lab, 'fallback');
    expect(failure).toBeNull();
    expect(reports[0]?.rawFiles[0]).toMatchObject({ project, bucket, files: { 'f.raw': DOWNLOADED } });
    expect(await lab.holds('_FALLBACK/f.raw', bytes)).toBe(true);
  });

  test('files that want one place on disk are all refused, across raw files too; the others come', async () => {
    const entry = [size, hash, etag];
    const project = await catalogue('collide-a', { same: entry, folder: entry, own: entry });
    const other = { same: entry, 'folder/below': entry, 'own-too': entry };
    await lab.corpus.put(bucketOf(project), 'own-too', bytes);
    await lab.corpus.catalogue({
      _id: 'collide-b',
      project_id: project,
      s3_upload_path: bucketOf(project),
      file_info: other,
    });
    const { result, rawFiles } = await runRestore(lab, 'collide-a,collide-b');
    expect(result).toMatchObject({ files: 6, successful: 2, failed: 4 });
    expect(rawFiles.map(({ files }) => files)).toEqual([
      {
        same: 'FAILURE - Path collision (collide-b: same)',
        folder: 'FAILURE - Path collision (collide-b: folder/below)',
        own: DOWNLOADED,
      },
      {
        same: 'FAILURE - Path collision (collide-a: same)',
        'folder/below': 'FAILURE - Path collision (collide-a: folder)',
        'own-too': DOWNLOADED,
      },
    ]);
    expect(await lab.tree()).not.toContain(`${project}/same`);
  });
});
