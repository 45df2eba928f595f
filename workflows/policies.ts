/**
 * Every time-out and retry of the workflows. Temporal's own retries here are for workers that die and servers that restart:
 * quick, and without limit but the job's deadline. The job's "2 retries, 5 minutes apart" are counted inside the steps
 * (activities/step.ts), so that a deploy costs neither a try nor five minutes.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { ActivityInterfaceFor, ActivityOptions } from '@temporalio/workflow';
import type { RestoreActivities, TransferActivities } from '../core/contract.js';
import type { ZipActivities, ZipTransferActivities } from '../core/zip-contract.js';

const QUICK_RETRIES = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' } as const;

/** A step beats every 4 s; a worker that is silent for 30 s is dead. */
const STEP: ActivityOptions = {
  startToCloseTimeout: '13h',
  heartbeatTimeout: '30s',
  // A step that is cancelled cleans up before the report is written.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: QUICK_RETRIES,
};

/**
 * A job without a plan does not know its limit yet. The step knows it and ends by it (activities/plan-restore.ts); where no
 * worker is there to know it, planning ends by the usual one.
 */
const PLANNING: ActivityOptions = { ...STEP, scheduleToCloseTimeout: '12h' };

/** Reading and writing the job's own folder: seconds, without heartbeats. */
const BOOKKEEPING: ActivityOptions = { startToCloseTimeout: '10m', retry: QUICK_RETRIES };

/** The report: a disk that does not come back must not keep a finished job open for ever. */
const REPORTING: ActivityOptions = {
  startToCloseTimeout: '30m',
  retry: { ...QUICK_RETRIES, maximumAttempts: 20 },
};

/** Tidying up after a finished job: a few tries, then it is left lying. */
const TIDYING: ActivityOptions = {
  startToCloseTimeout: '10m',
  retry: { ...QUICK_RETRIES, maximumAttempts: 5 },
};

/** What expires is health information: tried until it is gone. */
const EXPIRING: ActivityOptions = {
  startToCloseTimeout: '1m',
  retry: { ...QUICK_RETRIES, maximumInterval: '10m' },
};

export const steps = proxyActivities<RestoreActivities>(STEP);
export const planning = proxyActivities<RestoreActivities>(PLANNING);
export const bookkeeping = proxyActivities<RestoreActivities>(BOOKKEEPING);
export const reporting = proxyActivities<RestoreActivities>(REPORTING);
export const tidying = proxyActivities<RestoreActivities>(TIDYING);

/** Transfers run on a queue of their own, whose workers have as many slots as a host may use. */
export const transfersOn = (taskQueue: string): ActivityInterfaceFor<TransferActivities> =>
  proxyActivities<TransferActivities>({ ...STEP, taskQueue });

export const zipPlanning = proxyActivities<ZipActivities>(PLANNING);
export const zipSteps = proxyActivities<ZipActivities>(STEP);
export const zipTidying = proxyActivities<ZipActivities>(TIDYING);
export const zipExpiring = proxyActivities<ZipActivities>(EXPIRING);

/** Segments of a ZIP hold transfer slots as well. */
export const zipTransfersOn = (taskQueue: string): ActivityInterfaceFor<ZipTransferActivities> =>
  proxyActivities<ZipTransferActivities>({ ...STEP, taskQueue });
