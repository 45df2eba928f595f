import type { RestoreResult } from '../core/contract.js';

const WHY = { deadline: 'Stopped at the time limit. ', cancelled: 'Cancelled. ' } as const;

/** One sentence for the list of failures: "2 of 7 files failed, 1 of 3 raw files could not be restored at all; reports: …". */
export function headline(result: RestoreResult, stop: keyof typeof WHY | null): string {
  const { files, failed, raw_files, failures, reports, unwritten_reports = [] } = result;
  const unplanned = failures.filter(({ file }) => file === null).length;
  const lost = unwritten_reports
    .map(({ destination, problem }) => `; no report for ${destination}: ${problem}`)
    .join('');
  const raw = unplanned === 0 ? '' : `, ${unplanned} of ${raw_files} raw files could not be restored at all`;
  const where = reports.length === 0 ? '' : `; reports: ${reports.join(', ')}`;
  return `${stop === null ? '' : WHY[stop]}${failed} of ${files} files failed${raw}${where}${lost}`;
}
