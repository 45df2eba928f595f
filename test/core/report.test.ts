import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { NO_EVIDENCE } from '../../core/outcome.js';
import type { Ending, Evidence } from '../../core/outcome.js';
import {
  printable,
  renderJsonReport,
  renderTextReport,
  reportFileName,
  reportTotals,
} from '../../core/report.js';
import type { Report, ReportedFile, ReportedRawFile } from '../../core/report.js';

const MIB = 1_048_576;
const golden = (name: string): string => readFileSync(`test/golden/${name}`, 'utf8');

let index = 0;
const file = (name: string, ending: Ending, evidence: Partial<Evidence> = {}): ReportedFile => ({
  file: name,
  expected: { etag: 'd8e8fca2dc0f896fd7cb4cb0031ba249-3', md5: '5d41402abc4b2a76b9719d911017c592' },
  outcome: {
    index: index++,
    ending,
    bytes: ending.code === 'downloaded' ? ending.bytes : 0,
    elapsedMs: ending.code === 'downloaded' ? ending.elapsedMs : 0,
    evidence: { ...NO_EVIDENCE, ...evidence },
  },
});
const fetched = (name: string, megabytes: number, seconds: number): ReportedFile =>
  file(name, { code: 'downloaded', bytes: Math.round(megabytes * MIB), elapsedMs: seconds * 1000 });
const rawFile = (rawFileId: string, ...files: readonly ReportedFile[]): ReportedRawFile => ({
  rawFileId,
  projectId: 'PRID001',
  bucket: 'alphakraken-PRID001',
  error: null,
  files,
});
const missing = (rawFileId: string): ReportedRawFile => ({
  rawFileId,
  projectId: null,
  bucket: null,
  error: 'RawFile not found in DB',
  files: [],
});
const report = (...rawFiles: readonly ReportedRawFile[]): Report => ({
  destination: '/fs/pool/output/PRID001',
  timestamp: '2025-02-04T14:30:22.000Z',
  workflowId: 'restore-20250204',
  runId: '0194d0a5-3c1e-7000-8000-000000000000',
  durationS: 45.2,
  rawFiles,
});

/** Its counts are those of the files it lists; the contract's page has the counts of a longer list above the same lines. */
const contractSample = report(
  rawFile(
    '20250115_sample',
    fetched('sample.raw', 1234.5, 45.2),
    file('sample.d/a.bin', { code: 'skipped' }),
    file('sample.d/b.bin', { code: 'healed' }),
    file(
      'sample.d/c.bin',
      { code: 's3-corrupt' },
      { s3Etag: 'd41d8cd98f00b204e9800998ecf8427e', versionId: 'v1', attempts: 1, cause: 'another ETag' },
    ),
  ),
  { ...missing('20250117_gone'), projectId: 'PRID001' },
);
const seedSample = {
  ...report(
    rawFile(
      '20250115_sample',
      fetched('sample.raw', 1234.5, 45.2),
      file('sample.raw/subfile1.bin', { code: 'skipped' }),
      file('sample.raw/subfile2.bin', { code: 'healed' }),
      file('sample.raw/subfile3.bin', { code: 's3-corrupt' }),
    ),
    rawFile(
      '20250116_sample',
      fetched('sample2.raw', 2048, 67.3),
      fetched('sample2.raw/subfile1.bin', 512, 15.1),
      file('sample2.raw/subfile2.bin', { code: 'skipped' }),
    ),
  ),
  destination: '/fs/pool/pool-0/alphakraken_sandbox/output/PRID001',
};
const oddNames = report(
  rawFile(
    'line\nbreak',
    file('tab\t and \x07 bell \x1b[31m.raw', { code: 'skipped' }),
    file('Größe 样品.raw', { code: 'skipped' }),
  ),
);
const emptySelection = report(
  rawFile('20250115_sample'),
  rawFile('20250116_sample', file('a.raw', { code: 'skipped' })),
);

describe('the text report, byte for byte', () => {
  test.each([
    ['report-contract.txt', 'of the contract', contractSample],
    ['report-seed.txt', 'of two raw files of one project', seedSample],
    ['report-odd-names.txt', 'with control characters in names', oddNames],
    ['report-empty-selection.txt', 'with a raw file of which nothing was selected', emptySelection],
    [
      'report-no-destination.txt',
      'of raw files without a destination',
      { ...report(missing('20250117_gone')), destination: '/fs/pool/output' },
    ],
  ])('%s: %s', (name, _, sample) => {
    expect(renderTextReport(sample)).toBe(golden(name));
  });

  test('keeps every file on one line, whatever its name', () => {
    const lines = renderTextReport(oddNames).split('\n');
    expect(lines.filter((line) => line.includes(': OK - '))).toHaveLength(2);
  });
});

describe('the JSON report', () => {
  test('report-contract.json: says the same as the text, byte for byte', () => {
    expect(renderJsonReport(contractSample)).toBe(golden('report-contract.json'));
  });

  test('has exactly the fields of the contract', () => {
    const document = JSON.parse(renderJsonReport(contractSample));
    expect(Object.keys(document).join(' ')).toBe(
      'destination timestamp workflow_id run_id status totals raw_files',
    );
    expect(Object.keys(document.totals).join(' ')).toBe(
      'raw_files files successful failed bytes_downloaded duration_s',
    );
    expect(Object.keys(document.raw_files[0]).join(' ')).toBe('raw_file_id project_id bucket error files');
    expect(Object.keys(document.raw_files[0].files[0]).join(' ')).toBe(
      'file status bytes seconds expected_etag s3_etag local_etag expected_md5 local_md5 version_id attempts cause',
    );
  });

  test('has names as they are, and null where something is not known', () => {
    const document = JSON.parse(renderJsonReport(report(...oddNames.rawFiles, missing('gone'))));
    expect(document.raw_files[0].raw_file_id).toBe('line\nbreak');
    expect(document.raw_files[0].files[0].file).toBe('tab\t and \x07 bell \x1b[31m.raw');
    expect(document.raw_files[0].files[0]).toMatchObject({
      s3_etag: null,
      local_md5: null,
      version_id: null,
      cause: null,
    });
    expect(document.raw_files[1]).toMatchObject({
      project_id: null,
      bucket: null,
      error: 'RawFile not found in DB',
    });
  });
});

describe('the totals', () => {
  test('count raw files, files, successes, failures and bytes', () => {
    expect(reportTotals(seedSample.rawFiles)).toEqual({
      rawFiles: 2,
      files: 7,
      successful: 6,
      failed: 1,
      bytesDownloaded: 3794.5 * MIB,
      status: 'PARTIAL FAILURE',
    });
  });

  test.each<[string, readonly ReportedRawFile[], string]>([
    ['all files right', [rawFile('a', file('x', { code: 'skipped' }))], 'SUCCESS'],
    ['nothing selected', [rawFile('a')], 'SUCCESS'],
    [
      'one file failed',
      [rawFile('a', file('x', { code: 'skipped' }), file('y', { code: 's3-missing' }))],
      'PARTIAL FAILURE',
    ],
    ['one raw file failed', [rawFile('a', file('x', { code: 'skipped' })), missing('b')], 'PARTIAL FAILURE'],
  ])('with %s', (_, rawFiles, status) => {
    expect(reportTotals(rawFiles).status).toBe(status);
  });
});

test.each([
  [1, 'txt', '_download_status_batch_20250204_143022.txt'],
  [1, 'json', '_download_status_batch_20250204_143022.json'],
  [2, 'txt', '_download_status_batch_20250204_143022_2.txt'],
  [3, 'json', '_download_status_batch_20250204_143022_3.json'],
] as const)('report %i of a second as %s is %s', (attempt, kind, name) => {
  expect(reportFileName('2025-02-04T14:30:22.999Z', attempt, kind)).toBe(name);
});

test.each([
  ['a\nb', 'a\\nb'],
  ['a\r\tb', 'a\\r\\tb'],
  ['\x00\x07\x1b', '\\x00\\x07\\x1b'],
  ['\x7f\x85', '\\x7f\\x85'],
  ['Größe 样品 😀', 'Größe 样品 😀'],
])('%j is printed as %s', (text, shown) => {
  expect(printable(text)).toBe(shown);
});
