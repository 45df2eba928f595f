/** The list of the bulk ZIP's activities. */
import type { ZipActivities, ZipTransferActivities } from '../core/zip-contract.js';
import { abandonPlan, abortZip, closeZip } from './zip-abort.js';
import { zipAppend } from './zip-append.js';
import { recordAccess } from './zip-audit.js';
import { zipComplete } from './zip-complete.js';
import type { ZipDeps } from './zip-deps.js';
import { planZip } from './zip-plan.js';
import { removeZip } from './zip-remove.js';

/** Activities of the job's own queue. */
export const createZipActivities = (deps: ZipDeps): ZipActivities => ({
  planZip: (request) => planZip(deps, request),
  recordAccess: (job) => recordAccess(deps, job),
  zipComplete: (job) => zipComplete(deps, job),
  closeZip: (job) => closeZip(deps, job),
  abortZip: (job) => abortZip(deps, job),
  abandonPlan: (request) => abandonPlan(deps, request),
  removeZip: (target) => removeZip(deps, target),
});

/** Activities of the transfer queue: each holds one of the host's transfer slots. */
export const createZipTransferActivities = (deps: ZipDeps): ZipTransferActivities => ({
  zipAppend: (step) => zipAppend(deps, step),
});
