import { workflowInfo } from '@temporalio/workflow';
import type { JobRef } from '../core/contract.js';

/**
 * Under which ids a job that begins now keeps what it leaves. A job that was reset finds what it left; one that cron or a retry
 * policy starts anew is another job: it must not find the plan and the outcomes of the run before.
 */
export function identity(): Pick<JobRef, 'workflowId' | 'runId'> {
  const { workflowId, runId, firstExecutionRunId, continuedFromExecutionRunId } = workflowInfo();
  return { workflowId, runId: continuedFromExecutionRunId === undefined ? firstExecutionRunId : runId };
}
