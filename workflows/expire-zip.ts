/**
 * The end of a finished ZIP of attachments: it is health information, and must not lie around for ever. A job of its own, so that
 * the ZIP's job may end, be reset or be terminated meanwhile.
 */
import { sleep, startChild, workflowInfo } from '@temporalio/workflow';
import type { PlannedZip, ZipExpiry } from '../core/zip-contract.js';
import { zipExpiring } from './policies.js';

/** Waits until the ZIP has been there for its time, then removes it: tried again until it succeeds. */
export async function expireZip({ target, ttlMs }: ZipExpiry): Promise<void> {
  await sleep(ttlMs, { summary: 'the ZIP can be downloaded' });
  await zipExpiring.removeZip(target);
}

/** Starts the expiry of a ZIP that has one: it outlives this job. */
export async function startExpiry({ ref, ttlMs }: PlannedZip): Promise<void> {
  if (ttlMs === undefined) return;
  const expiry: ZipExpiry = { target: ref.target, ttlMs };
  try {
    await startChild(expireZip, {
      // Not behind the job's own id: by how they begin, ids of jobs are counted for their user.
      workflowId: `expire-${ref.workflowId}-${ref.runId}`,
      taskQueue: workflowInfo().taskQueue,
      parentClosePolicy: 'ABANDON',
      args: [expiry],
    });
  } catch (error) {
    // A job that was reset finds the expiry that it has started before.
    if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
  }
}
