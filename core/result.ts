import type { RestoreResult } from './contract.js';
import { isSuccess, statusText } from './outcome.js';
import type { Report } from './report.js';
import { reportTotals } from './report.js';

const MAX_FAILURES = 100;

export interface SavedReports {
  readonly paths: readonly string[];
  /** Reports that could not be written anywhere. */
  readonly unwritten: NonNullable<RestoreResult['unwritten_reports']>;
}

/** The job's result from its reports: every count in it is counted from the same outcomes as the reports' lines. */
export function summarise(
  reports: readonly Report[],
  durationS: number,
  { paths, unwritten }: SavedReports,
): RestoreResult {
  const rawFiles = reports.flatMap((report) => report.rawFiles);
  const totals = reportTotals(rawFiles);
  const failures = rawFiles.flatMap(({ rawFileId, error, files }) => [
    ...(error === null ? [] : [{ raw_file_id: rawFileId, file: null, status: `ERROR: ${error}` }]),
    ...files
      .filter(({ outcome }) => !isSuccess(outcome.ending))
      .map(({ file, outcome }) => ({ raw_file_id: rawFileId, file, status: statusText(outcome.ending) })),
  ]);
  return {
    status: totals.status,
    raw_files: totals.rawFiles,
    files: totals.files,
    successful: totals.successful,
    failed: totals.failed,
    bytes_downloaded: totals.bytesDownloaded,
    duration_s: durationS,
    reports: paths,
    failures: failures.slice(0, MAX_FAILURES),
    failures_omitted: Math.max(0, failures.length - MAX_FAILURES),
    ...(unwritten.length === 0 ? {} : { unwritten_reports: unwritten }),
  };
}
