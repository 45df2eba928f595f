import { describe, expect, test } from '@jest/globals';
import { headline } from '../../workflows/restore-headline.js';
import { summaryOf } from '../../workflows/summary.js';
import { resultOf, someFiles } from '../support/fake-steps.js';

const result = resultOf(someFiles(2), new Map());
const unknown = { raw_file_id: 'gone', file: null, status: 'ERROR: RawFile not found in DB' };

describe('the sentence that a failed job ends with', () => {
  test('counts the failures and names the reports', () => {
    expect(headline({ ...result, reports: ['/a.txt', '/b.txt'] }, null)).toBe(
      '2 of 2 files failed; reports: /a.txt, /b.txt',
    );
  });

  test('says why the job stopped', () => {
    const bare = { ...result, reports: [] };
    expect(headline(bare, 'deadline')).toBe('Stopped at the time limit. 2 of 2 files failed');
    expect(headline(bare, 'cancelled')).toBe('Cancelled. 2 of 2 files failed');
  });

  test('counts raw files that could not be restored at all, and reports that could not be written', () => {
    const unwritten_reports = [{ destination: '/out', problem: 'ENOSPC', text: '…' }];
    const lost = { ...result, raw_files: 3, failures: [unknown], reports: [], unwritten_reports };
    expect(headline(lost, null)).toBe(
      '2 of 2 files failed, 1 of 3 raw files could not be restored at all; no report for /out: ENOSPC',
    );
  });
});

describe('what the Web UI shows beside an activity', () => {
  test.each(['sample.raw', 'x'.repeat(190)])('is the path %s itself', (path) => {
    expect(summaryOf(path)).toBe(path);
  });

  test.each(['a/'.repeat(200) + 'name.raw', 'ü'.repeat(150) + 'name.raw', '🧪'.repeat(100) + 'name.raw'])(
    'is the end of a long path, in at most 200 bytes and whole characters',
    (path) => {
      const summary = summaryOf(path);
      expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(200);
      expect(summary).toMatch(/^….*name\.raw$/u);
      expect(Buffer.from(summary).toString()).toBe(summary);
      expect(path.endsWith(summary.slice(1))).toBe(true);
    },
  );
});
