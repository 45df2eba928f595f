/** What the worker registers. */
import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';

export { bulkZip } from './bulk-zip.js';
export { expireZip } from './expire-zip.js';
export { restore } from './restore.js';
export { restoreReport } from './restore-report.js';

/**
 * Temporal sends every unknown workflow type here. Without this such a job would be retried for ever, and its caller would
 * wait for ever (docs/operations.md).
 */
export default async function unknownWorkflow(): Promise<never> {
  const { workflowType } = workflowInfo();
  const message = `There is no workflow type ${JSON.stringify(workflowType)}; expected restore, bulkZip or restoreReport.`;
  throw ApplicationFailure.nonRetryable(message, 'UnknownWorkflowType');
}
