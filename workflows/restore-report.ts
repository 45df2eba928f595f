import { ApplicationFailure } from '@temporalio/workflow';
import type { ReportTexts } from '../core/contract.js';
import { reporting } from './policies.js';

/** Which job's reports; `paths` as its result names them, none for a job that was terminated. */
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

/** The reports of a job for whoever cannot see the worker's disk; those of a terminated job are written now. */
export async function restoreReport(input: RestoreReportInput): Promise<ReportTexts> {
  if (!isInput(input)) throw ApplicationFailure.nonRetryable(EXPECTED, 'InvalidInput');
  const { workflow_id, paths } = input;
  if (paths.length > 0) return reporting.readReport({ paths });
  const rescued = await reporting.rescueReport({ workflowId: workflow_id });
  return rescued === null ? { reports: [] } : reporting.readReport({ paths: rescued.reports });
}
