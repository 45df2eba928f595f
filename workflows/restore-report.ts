import type { ReportTexts } from '../core/contract.js';
import { reporting } from './policies.js';

/** Which job's reports; `paths` as its result names them, none for a job that was terminated. */
export interface RestoreReportInput {
  readonly workflow_id: string;
  readonly paths: readonly string[];
}

/** The reports of a job for whoever cannot see the worker's disk; those of a terminated job are written now. */
export async function restoreReport({ workflow_id, paths }: RestoreReportInput): Promise<ReportTexts> {
  if (paths.length > 0) return reporting.readReport({ paths });
  const rescued = await reporting.rescueReport({ workflowId: workflow_id });
  return rescued === null ? { reports: [] } : reporting.readReport({ paths: rescued.reports });
}
