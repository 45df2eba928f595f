/** The status report: outcomes in, text and JSON out (CONTRACT §1, byte for byte). */
import type { FileOutcome } from './outcome.js';
import { isSuccess, statusText } from './outcome.js';
import type { Expected } from './contract.js';

export interface ReportedFile {
  readonly file: string;
  readonly expected: Pick<Expected, 'etag' | 'md5'>;
  readonly outcome: FileOutcome;
}

export interface ReportedRawFile {
  readonly rawFileId: string;
  readonly projectId: string | null;
  readonly bucket: string | null;
  readonly error: string | null;
  readonly files: readonly ReportedFile[];
}

export interface Report {
  readonly destination: string;
  /** ISO 8601 in UTC, as `2025-02-04T14:30:22.000Z`. */
  readonly timestamp: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly durationS: number;
  readonly rawFiles: readonly ReportedRawFile[];
}

export interface ReportTotals {
  readonly rawFiles: number;
  readonly files: number;
  readonly successful: number;
  readonly failed: number;
  readonly bytesDownloaded: number;
  readonly status: 'SUCCESS' | 'PARTIAL FAILURE';
}

/** Counts a report. A raw file that could not be planned has no files, but makes the status a failure. */
export function reportTotals(rawFiles: readonly ReportedRawFile[]): ReportTotals {
  let [files, successful, bytesDownloaded] = [0, 0, 0];
  for (const rawFile of rawFiles) {
    for (const { outcome } of rawFile.files) {
      files += 1;
      bytesDownloaded += outcome.bytes;
      if (isSuccess(outcome.ending)) successful += 1;
    }
  }
  const failed = files - successful;
  const anyError = rawFiles.some(({ error }) => error !== null);
  const status = failed > 0 || anyError ? 'PARTIAL FAILURE' : 'SUCCESS';
  return { rawFiles: rawFiles.length, files, successful, failed, bytesDownloaded, status };
}

/** `_download_status_batch_20250204_143022.txt`; the second one of the same second has `_2`. */
export function reportFileName(timestamp: string, attempt: number, extension: 'txt' | 'json'): string {
  const [date, time] = [timestamp.slice(0, 10), timestamp.slice(11, 19)].map((part) =>
    part.replace(/\D/g, ''),
  );
  return `_download_status_batch_${date}_${time}${attempt > 1 ? `_${attempt}` : ''}.${extension}`;
}

/** The text report. Every section, the last one too, ends with a blank line. */
export function renderTextReport(report: Report): string {
  const lines = [...header(report), ...report.rawFiles.flatMap(section)];
  return `${lines.join('\n')}\n`;
}

function header({ destination, timestamp, rawFiles }: Report): readonly string[] {
  const totals = reportTotals(rawFiles);
  return [
    'S3 Download Batch Status Report',
    '='.repeat(32),
    `Destination: ${printable(destination)}`,
    `Timestamp: ${timestamp.slice(0, 10)} ${timestamp.slice(11, 19)} UTC`,
    `Raw Files Processed: ${totals.rawFiles}`,
    '',
    'Overall Summary:',
    '-'.repeat(16),
    `Total raw files: ${totals.rawFiles}`,
    `Total files: ${totals.files}`,
    `Successful files: ${totals.successful}`,
    `Failed files: ${totals.failed}`,
    `Status: ${totals.status}`,
    '',
  ];
}

function section({ rawFileId, projectId, bucket, error, files }: ReportedRawFile): readonly string[] {
  const head = [
    '='.repeat(80),
    `Raw File: ${printable(rawFileId)}`,
    `Project ID: ${printable(projectId ?? 'UNKNOWN')}`,
    `S3 Bucket: ${printable(bucket ?? 'UNKNOWN')}`,
  ];
  if (error !== null) return [...head, `ERROR: ${printable(error)}`, ''];
  const list = files.map(
    ({ file, outcome }) => `${printable(file)}: ${printable(statusText(outcome.ending))}`,
  );
  return [...head, `Files: ${files.length}`, '', 'Files:', '-'.repeat(6), ...list, ''];
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Control characters written out, so that one name stays on one line and no terminal obeys it. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (char) => NAMED[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** The same report for programs: names as they are, null for what is not known. */
export function renderJsonReport(report: Report): string {
  const totals = reportTotals(report.rawFiles);
  const document = {
    destination: report.destination,
    timestamp: `${report.timestamp.slice(0, 19)}Z`,
    workflow_id: report.workflowId,
    run_id: report.runId,
    status: totals.status,
    totals: {
      raw_files: totals.rawFiles,
      files: totals.files,
      successful: totals.successful,
      failed: totals.failed,
      bytes_downloaded: totals.bytesDownloaded,
      duration_s: report.durationS,
    },
    raw_files: report.rawFiles.map((rawFile) => ({
      raw_file_id: rawFile.rawFileId,
      project_id: rawFile.projectId,
      bucket: rawFile.bucket,
      error: rawFile.error,
      files: rawFile.files.map(jsonFile),
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const jsonFile = ({ file, expected, outcome }: ReportedFile): object => ({
  file,
  status: statusText(outcome.ending),
  bytes: outcome.bytes,
  seconds: outcome.elapsedMs / 1000,
  expected_etag: expected.etag,
  s3_etag: outcome.evidence.s3Etag,
  local_etag: outcome.evidence.localEtag,
  expected_md5: expected.md5,
  local_md5: outcome.evidence.localMd5,
  version_id: outcome.evidence.versionId,
  attempts: outcome.evidence.attempts,
  cause: outcome.evidence.cause,
});
