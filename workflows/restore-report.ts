import { ApplicationFailure } from '@temporalio/workflow';
import type { ReportTexts, RestoreResult } from '../core/contract.js';
import { reporting, tidying } from './policies.js';

/** Which job's reports; `paths` as its result names them, none for a job that was terminated or could write none. */
export interface RestoreReportInput {
  readonly workflow_id: string;
  readonly paths: readonly string[];
}

const EXPECTED =
  'expected { "workflow_id": "…", "paths": ["…", …] }, the paths as the job\'s result names them';

/** Whoever starts this by hand may send anything; an exception other than a failure would make the workflow hang. */
function isInput(input: unknown): boolean {
  const { workflow_id, paths } = (input ?? {}) as Partial<RestoreReportInput>;
  return typeof workflow_id === 'string' && Array.isArray(paths);
}

/** The reports of a job for whoever cannot see the worker's disk; those that it could not write itself are written now. */
export async function restoreReport(input: RestoreReportInput): Promise<ReportTexts> {
  if (!isInput(input)) throw ApplicationFailure.nonRetryable(EXPECTED, 'InvalidInput');
  const { workflow_id, paths } = input;
  // What cannot be rescued must not hide what is there.
  const rescued = await tidying.rescueReport({ workflowId: workflow_id }).catch((error: unknown) => {
    if (paths.length === 0) throw error;
    return null;
  });
  const all = [...new Set([...paths, ...(rescued?.reports ?? [])])];
  const { reports } = all.length === 0 ? { reports: [] } : await reporting.readReport({ paths: all });
  return { reports: [...reports, ...unwrittenOf(rescued)] };
}

/** What the disk does not take even now. */
const unwrittenOf = (rescued: RestoreResult | null): ReportTexts['reports'] =>
  (rescued?.unwritten_reports ?? []).map(({ destination, text }) => ({
    path: destination,
    text,
    truncated: false,
  }));
