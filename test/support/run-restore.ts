/** Runs a restore to its end and reads its reports as a person would, checking on the way that all that it says agrees. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Ended, Lab } from './lab.js';

export const DOWNLOADED = 'OK - Downloaded and verified';
export const SKIPPED = 'OK - Skipped (already exists)';
export const HEALED = 'OK - Self-healed (hash mismatch detected, re-downloaded)';
export const CORRUPT = 'FAILURE - S3 corruption detected (etag mismatch)';

export interface ReadRawFile {
  readonly id: string;
  readonly project: string;
  readonly bucket: string;
  readonly error: string | null;
  /** Name → status, without the megabytes and seconds of a download. */
  readonly files: Readonly<Record<string, string>>;
}

export interface ReadReport {
  readonly path: string;
  readonly text: string;
  readonly json: JsonReport;
  readonly rawFiles: readonly ReadRawFile[];
}

interface JsonReport {
  readonly destination: string;
  readonly workflow_id: string;
  readonly run_id: string;
  readonly status: string;
  readonly totals: {
    readonly raw_files: number;
    readonly files: number;
    readonly successful: number;
    readonly failed: number;
    readonly bytes_downloaded: number;
  };
  readonly raw_files: readonly {
    readonly raw_file_id: string;
    readonly project_id: string | null;
    readonly bucket: string | null;
    readonly error: string | null;
    readonly files: readonly {
      readonly file: string;
      readonly status: string;
      readonly bytes: number;
      readonly expected_etag: string | null;
      readonly s3_etag: string | null;
      readonly local_etag: string | null;
      readonly local_md5: string | null;
      readonly attempts: number;
      readonly cause: string | null;
    }[];
  }[];
}

export interface Restored extends Ended {
  readonly reports: readonly ReadReport[];
  /** Everything of all reports, in their order. */
  readonly rawFiles: readonly ReadRawFile[];
  /** Name → status over all raw files. */
  readonly files: Readonly<Record<string, string>>;
}

export async function runRestore(lab: Lab, ...args: readonly unknown[]): Promise<Restored> {
  return readRestored(await lab.restore(...args));
}

/** Reads the reports that a result names. */
export async function readRestored(ended: Ended): Promise<Restored> {
  const reports = await Promise.all(ended.result.reports.map(readReport));
  const { result } = ended;
  const sum = (key: 'raw_files' | 'files' | 'successful' | 'failed' | 'bytes_downloaded'): number =>
    reports.reduce((total, { json }) => total + json.totals[key], 0);
  for (const key of ['raw_files', 'files', 'successful', 'failed', 'bytes_downloaded'] as const)
    assert.equal(result[key], sum(key), `the result's ${key} and the reports'`);
  const rawFiles = reports.flatMap((report) => report.rawFiles);
  return { ...ended, reports, rawFiles, files: Object.assign({}, ...rawFiles.map(({ files }) => files)) };
}

/** Reads a report's text, and checks that its counts are those of its lines and that its JSON twin says the same. */
export async function readReport(path: string): Promise<ReadReport> {
  const text = await readFile(path, 'utf8');
  const json = JSON.parse(await readFile(path.replace(/\.txt$/, '.json'), 'utf8')) as JsonReport;
  const [head = '', ...sections] = text.split(`${'='.repeat(80)}\n`);
  const field = (part: string, name: string): string =>
    new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? '';
  const rawFiles = sections.map((section) => readSection(section, field));
  const statuses = rawFiles.flatMap(({ files }) => Object.values(files));
  const successful = statuses.filter((status) => status.startsWith('OK - ')).length;
  const failed = statuses.length - successful;
  const anyFailure = failed > 0 || rawFiles.some(({ error }) => error !== null);
  const said = {
    destination: field(head, 'Destination'),
    raw_files: Number(field(head, 'Total raw files')),
    files: Number(field(head, 'Total files')),
    successful: Number(field(head, 'Successful files')),
    failed: Number(field(head, 'Failed files')),
    status: field(head, 'Status'),
  };
  const status = anyFailure ? 'PARTIAL FAILURE' : 'SUCCESS';
  const { destination, totals } = json;
  const counted = { raw_files: rawFiles.length, files: statuses.length, successful, failed, status };
  assert.deepEqual(said, { destination, ...counted });
  const { bytes_downloaded: _bytes, ...jsonCounts } = totals;
  assert.deepEqual({ ...counted, status: json.status }, { ...pick(jsonCounts), status });
  assert.deepEqual(rawFiles, json.raw_files.map(fromJson));
  return { path, text, json, rawFiles };
}

const pick = ({ raw_files, files, successful, failed }: Omit<JsonReport['totals'], 'bytes_downloaded'>) => ({
  raw_files,
  files,
  successful,
  failed,
});

function readSection(section: string, field: (part: string, name: string) => string): ReadRawFile {
  const [head = '', list = ''] = section.split('\nFiles:\n------\n');
  const lines = list.split('\n').filter((line) => line !== '');
  assert.equal(section.endsWith('\n\n') || section.endsWith('\n'), true, 'a section ends with a line break');
  return {
    id: field(head, 'Raw File'),
    project: field(head, 'Project ID'),
    bucket: field(head, 'S3 Bucket'),
    error: field(head, 'ERROR') || null,
    files: Object.fromEntries(
      lines.map((line) => {
        const cut = line.search(/: (OK|FAILURE) - /);
        return [line.slice(0, cut), withoutNumbers(line.slice(cut + 2))];
      }),
    ),
  };
}

const fromJson = (rawFile: JsonReport['raw_files'][number]): ReadRawFile => ({
  id: rawFile.raw_file_id,
  project: rawFile.project_id ?? 'UNKNOWN',
  bucket: rawFile.bucket ?? 'UNKNOWN',
  error: rawFile.error,
  files: Object.fromEntries(
    rawFile.files.map(({ file, status }) => [
      file.replaceAll('\n', '\\n').replaceAll('\u0007', '\\x07'),
      withoutNumbers(status),
    ]),
  ),
});

const withoutNumbers = (status: string): string => status.replace(/ \(\d+\.\d MB in \d+\.\ds\)$/, '');
