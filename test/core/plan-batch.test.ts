import { describe, expect, test } from '@jest/globals';
import { planRawFile, refuseCollisions } from '../../core/plan.js';
import type { RawFilePlan } from '../../core/plan.js';

const MD5 = '5d41402abc4b2a76b9719d911017c592';
const SETTINGS = {
  outputRoot: '/out',
  subfolder: null,
  fallbackProject: null,
  keepCorrupted: false,
  region: null,
};
const planOf = (rawFileId: string, project_id: string, ...files: readonly string[]): RawFilePlan =>
  planRawFile(
    rawFileId,
    {
      _id: rawFileId,
      project_id,
      s3_upload_path: 'bucket',
      file_info: Object.fromEntries(files.map((file) => [file, [1, MD5, `${MD5}__500`]])),
    },
    SETTINGS,
  );
const refusals = (...plans: readonly RawFilePlan[]) =>
  refuseCollisions(plans).map(({ files }) => files.map(({ refused }) => refused));

describe('the plan of several raw files', () => {
  test('has a destination for each project, and every field of every file', () => {
    const plans = refuseCollisions([planOf('one', 'P1', 'a.raw'), planOf('two', 'P2', 'a.raw', 'b.raw')]);
    expect(plans.map(({ destination, files }) => [destination, files.map(({ file }) => file)])).toEqual([
      ['/out/P1', ['a.raw']],
      ['/out/P2', ['a.raw', 'b.raw']],
    ]);
    for (const file of plans.flatMap(({ files }) => files))
      expect(file).toEqual({
        file: file.file,
        key: file.file,
        expected: { sizeBytes: 1, md5: MD5, etag: MD5, partSizeBytes: 500 * 1_048_576 },
        refused: null,
      });
  });

  test('keeps a raw file that cannot be planned, in its place', () => {
    const plans = refuseCollisions([
      planOf('one', 'P1', 'a.raw'),
      planRawFile('gone', null, SETTINGS),
      planOf('two', 'P1', 'b.raw'),
    ]);
    expect(plans.map(({ rawFileId, error }) => [rawFileId, error])).toEqual([
      ['one', null],
      ['gone', 'RawFile not found in DB'],
      ['two', null],
    ]);
  });

  test('refuses both of two files with one path, and names the other raw file', () => {
    expect(refusals(planOf('one', 'P1', 'a.raw', 'b.raw'), planOf('two', 'P1', 'a.raw'))).toEqual([
      [{ code: 'collision', other: 'two: a.raw' }, null],
      [{ code: 'collision', other: 'one: a.raw' }],
    ]);
  });

  test('refuses a file that stands where another of its raw file needs a folder', () => {
    expect(refusals(planOf('one', 'P1', 'x.d', 'x.d/analysis.tdf', 'y'))).toEqual([
      [{ code: 'collision', other: 'x.d/analysis.tdf' }, { code: 'collision', other: 'x.d' }, null],
    ]);
  });

  test('refuses nothing in different projects', () => {
    expect(refusals(planOf('one', 'P1', 'a.raw'), planOf('two', 'P2', 'a.raw'))).toEqual([[null], [null]]);
  });

  test('a file that is refused already stands in nobody’s way', () => {
    const [bad, good] = [planOf('one', 'P1', 'a.raw'), planOf('two', 'P1', 'a.raw')];
    const invalid = {
      ...bad,
      files: bad.files.map((file) => ({ ...file, refused: { code: 'unsafe-path' } as const })),
    };
    expect(refusals(invalid, good)).toEqual([[{ code: 'unsafe-path' }], [null]]);
  });
});
