import { describe, expect, test } from '@jest/globals';
import { planRawFile } from '../../core/plan.js';
import { DOCUMENT, ETAG, MD5, MIB, SETTINGS, planOfDocument } from '../support/raw-file-document.js';

describe('the plan of a raw file', () => {
  test('has everything that is needed to restore it', () => {
    expect(planOfDocument()).toEqual({
      rawFileId: '20250115_sample',
      projectId: 'PRID001',
      destination: '/fs/pool/output/PRID001',
      bucket: 'alphakraken-PRID001',
      error: null,
      files: [
        {
          file: 'sample.raw',
          key: 'some/prefix/sample.raw',
          expected: { sizeBytes: 1_294_567_890, md5: MD5, etag: ETAG, partSizeBytes: 500 * MIB },
          refused: null,
        },
        {
          file: 'x.d/analysis.tdf',
          key: 'some/prefix/x.d/analysis.tdf',
          expected: { sizeBytes: 4096, md5: MD5, etag: MD5, partSizeBytes: 500 * MIB },
          refused: null,
        },
      ],
    });
  });

  test.each([
    ['bucket', 'sample.raw'],
    ['bucket/', 'sample.raw'],
    ['bucket/prefix', 'prefix/sample.raw'],
    ['bucket/prefix/', 'prefix/sample.raw'],
    ['s3://bucket/deep//prefix/', 'deep//prefix/sample.raw'],
  ])('reconstructs the S3 keys of upload path %s', (s3_upload_path, key) => {
    expect(planOfDocument({ s3_upload_path })).toMatchObject({ bucket: 'bucket', files: [{ key }, {}] });
  });

  test('keeps the order of the catalogue, and keys with dots, slashes and any character', () => {
    const names = ['z.d/b.c.tdf_bin', 'a.raw', '$set', 'Größe .raw', 'x..y'];
    const file_info = Object.fromEntries(names.map((name) => [name, [1, MD5]]));
    expect(planOfDocument({ file_info }).files.map(({ file }) => file)).toEqual(names);
    expect(planOfDocument({ file_info }).files.map(({ refused }) => refused)).toEqual(names.map(() => null));
  });

  test('takes the extra fields of the catalogue as they come', () => {
    const extra = { original_name: 'x.raw', status: 'done', backup_status: null, size: 7, more: {} };
    expect(planOfDocument(extra)).toEqual(planOfDocument());
  });

  test('of a selection has the wanted files only', () => {
    const some = planRawFile('x', DOCUMENT, SETTINGS, (path) => path.endsWith('.tdf'));
    expect(some.files.map(({ file }) => file)).toEqual(['x.d/analysis.tdf']);
    expect(planRawFile('x', DOCUMENT, SETTINGS, () => false)).toMatchObject({ error: null, files: [] });
  });
});

describe('the destination', () => {
  test.each([
    [{}, 'PRID001', '/fs/pool/output/PRID001'],
    [{ subfolder: 's3_downloads' }, 'PRID001', '/fs/pool/output/s3_downloads/PRID001'],
    [{ subfolder: 'a/b' }, 'PRID001', '/fs/pool/output/a/b/PRID001'],
    [{ outputRoot: '/' }, 'PRID001', '/PRID001'],
    [{}, '_FALLBACK', '/fs/pool/output/_FALLBACK'],
    [{ fallbackProject: '_FALLBACK' }, null, '/fs/pool/output/_FALLBACK'],
    [{ fallbackProject: '_FALLBACK' }, '', '/fs/pool/output/_FALLBACK'],
    [{ fallbackProject: '_FALLBACK' }, undefined, '/fs/pool/output/_FALLBACK'],
    [{ fallbackProject: '_FALLBACK' }, 'PRID001', '/fs/pool/output/PRID001'],
  ])('with settings %j and project %j is %s', (settings, project_id, destination) => {
    expect(planOfDocument({ project_id }, settings)).toMatchObject({ error: null, destination });
  });
});

describe('a raw file that cannot be planned is skipped with its error', () => {
  test('not in the catalogue: nothing else is known of it', () => {
    expect(planRawFile('gone', null, SETTINGS)).toEqual({
      rawFileId: 'gone',
      projectId: null,
      destination: null,
      bucket: null,
      error: 'RawFile not found in DB',
      files: [],
    });
  });

  test.each([null, undefined, '', '  ', 7])('project_id %j: no destination', (project_id) => {
    expect(planOfDocument({ project_id })).toMatchObject({
      error: 'No project_id',
      projectId: null,
      destination: null,
      bucket: 'alphakraken-PRID001',
      files: [],
    });
  });

  test.each(['../../etc', '..', 'a/b', 'a\\b', 'a\0b', 'a'.repeat(256), '.stowage'])(
    'project_id %j is unsafe: no destination',
    (project_id) => {
      expect(planOfDocument({ project_id })).toMatchObject({
        error: 'Unsafe project_id',
        destination: null,
        files: [],
      });
    },
  );

  test.each([null, undefined, '', '  ', '/', 's3://', 7])('s3_upload_path %j', (s3_upload_path) => {
    expect(planOfDocument({ s3_upload_path })).toMatchObject({
      error: 'No S3 backup (s3_upload_path is null)',
      destination: '/fs/pool/output/PRID001',
      bucket: null,
      files: [],
    });
  });

  test.each([null, undefined, {}, [], 'x', 7])('file_info %j', (file_info) => {
    expect(planOfDocument({ file_info })).toMatchObject({ error: 'Empty file_info', files: [] });
  });
});
