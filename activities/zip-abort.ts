/** How a job's traces are removed: the upload, so that nobody pays for its parts, and the plan. */
import type { ZipJobRef, ZipPlanRequest } from '../core/zip-contract.js';
import type { ZipDeps } from './zip-deps.js';
import { readZipInput } from './zip-door.js';
import { findZip, isOfJob } from './zip-ending.js';
import { placeOf } from './zip-place.js';
import { WORK, readWork } from './zip-work.js';
import type { StoredPlan } from './zip-work.js';

export const closeZip = ({ zips }: ZipDeps, { target, workPrefix }: ZipJobRef): Promise<void> =>
  zips.removeAll(target.bucket, workPrefix);

/** A ZIP that was completed although its job could not learn of it goes as well: a failed job has none. Nobody else's does. */
export async function abortZip(deps: ZipDeps, job: ZipJobRef): Promise<void> {
  const { zips } = deps;
  await zips.abort(job.target, job.uploadId);
  const found = await findZip(zips, job, NEVER);
  if (found !== null && isOfJob(found, job)) await zips.remove(job.target);
  await closeZip(deps, job);
}

const NEVER = new AbortController().signal;

/** Finds the plan by the job's ids, as the plan's own activity does. */
export async function abandonPlan(deps: ZipDeps, request: ZipPlanRequest): Promise<void> {
  const input = readZipInput(deps, request);
  if (!input.ok) return;
  const place = placeOf(input.value, request, deps.settings.zipBucket);
  if (place === null) return;
  const plan = await readWork<StoredPlan>(deps.zips, place, WORK.plan);
  if (plan !== null) return abortZip(deps, plan.job.ref);
  const open = input.value.kind === 'attachments' ? await deps.zips.openUploads(place.target) : [];
  for (const uploadId of open) await deps.zips.abort(place.target, uploadId);
  await deps.zips.removeAll(place.target.bucket, place.workPrefix);
}
