import type { PlanRequest, RestoreResult } from '../core/contract.js';
import type { RawFilePlan } from '../core/plan.js';
import { renderTextReport } from '../core/report.js';
import { summarise } from '../core/result.js';
import type { RestoreDeps } from './deps.js';
import { fitIntoResult } from './unwritten-reports.js';

/** The result where the output root takes not even the plan: nothing was fetched, and the report is in the result. */
export function unwritableResult(
  { settings, nowMs }: RestoreDeps,
  { workflowId, runId }: PlanRequest,
  plans: readonly RawFilePlan[],
  errno: string,
): RestoreResult {
  const problem = `Output location not writable (${errno})`;
  const rawFiles = plans.map(({ rawFileId, projectId, bucket, error }) => ({
    rawFileId,
    projectId,
    bucket,
    error: error ?? problem,
    files: [],
  }));
  const timestamp = new Date(nowMs()).toISOString();
  const report = { destination: settings.outputRoot, timestamp, workflowId, runId, durationS: 0, rawFiles };
  const unwritten = [{ destination: settings.outputRoot, problem, text: renderTextReport(report) }];
  return summarise([report], 0, { paths: [], unwritten: fitIntoResult(unwritten) });
}
