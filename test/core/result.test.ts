import { describe, expect, test } from '@jest/globals';
import { NO_EVIDENCE } from '../../core/outcome.js';
import type { Ending } from '../../core/outcome.js';
import type { Report, ReportedRawFile } from '../../core/report.js';
import { summarise } from '../../core/result.js';

const rawFile = (
  rawFileId: string,
  endings: readonly Ending[],
  error: string | null = null,
): ReportedRawFile => ({
  rawFileId,
  projectId: 'P1',
  bucket: 'bucket',
  error,
  files: endings.map((ending, index) => ({
    file: `${index}.raw`,
    expected: { etag: null, md5: null },
    outcome: {
      index,
      ending,
      bytes: ending.code === 'downloaded' ? ending.bytes : 0,
      elapsedMs: 0,
      evidence: NO_EVIDENCE,
    },
  })),
});
const report = (destination: string, ...rawFiles: readonly ReportedRawFile[]): Report => ({
  destination,
  timestamp: '2025-02-04T14:30:22.000Z',
  workflowId: 'w',
  runId: 'r',
  durationS: 1,
  rawFiles,
});
const saved = { paths: ['/out/P1/report.txt'], unwritten: [] };

describe('the result of a job', () => {
  test('is a success where nothing failed', () => {
    const downloaded = { code: 'downloaded', bytes: 7, elapsedMs: 5 } as const;
    expect(
      summarise([report('/out/P1', rawFile('one', [downloaded, { code: 'skipped' }]))], 12.5, saved),
    ).toEqual({
      status: 'SUCCESS',
      raw_files: 1,
      files: 2,
      successful: 2,
      failed: 0,
      bytes_downloaded: 7,
      duration_s: 12.5,
      reports: ['/out/P1/report.txt'],
      failures: [],
      failures_omitted: 0,
    });
  });

  test('counts over all destinations, and lists what failed in the words of the reports', () => {
    const reports = [
      report('/out/P1', rawFile('one', [{ code: 'skipped' }, { code: 's3-missing' }])),
      report('/out', rawFile('gone', [], 'RawFile not found in DB')),
    ];
    expect(summarise(reports, 1, saved)).toMatchObject({
      status: 'PARTIAL FAILURE',
      raw_files: 2,
      files: 2,
      successful: 1,
      failed: 1,
      failures: [
        { raw_file_id: 'one', file: '1.raw', status: 'FAILURE - S3 file not found' },
        { raw_file_id: 'gone', file: null, status: 'ERROR: RawFile not found in DB' },
      ],
      failures_omitted: 0,
    });
  });

  test.each([
    [100, 100, 0],
    [101, 100, 1],
    [2500, 100, 2400],
  ])('of %i failures lists %i and counts %i as omitted', (failures, listed, omitted) => {
    const endings = Array.from({ length: failures }, () => ({ code: 's3-denied' }) as const);
    const result = summarise([report('/out/P1', rawFile('one', endings))], 1, saved);
    expect(result.failures).toHaveLength(listed);
    expect(result.failures.map(({ file }) => file).slice(0, 2)).toEqual(['0.raw', '1.raw']);
    expect([result.failed, result.failures_omitted]).toEqual([failures, omitted]);
  });

  test('carries the text of a report that could not be written anywhere, and has no such field otherwise', () => {
    const unwritten = [{ destination: '/out/P1', problem: 'EROFS', text: 'the report' }];
    const reports = [report('/out/P1', rawFile('one', [{ code: 'skipped' }]))];
    expect(summarise(reports, 1, { paths: [], unwritten })).toMatchObject({
      reports: [],
      unwritten_reports: unwritten,
    });
    expect(summarise(reports, 1, saved)).not.toHaveProperty('unwritten_reports');
  });
});
