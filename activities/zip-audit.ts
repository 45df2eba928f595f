/** The READ event of the audit trail, durable before the ZIP exists: where it cannot be written, no ZIP is handed out. */
import type { ZipAccessAnswer, ZipJobRef } from '../core/zip-contract.js';
import type { StepContext } from './step.js';
import type { ZipDeps } from './zip-deps.js';
import { jobDigest } from './zip-place.js';
import { AuditUnavailable, runZipStep } from './zip-refusals.js';
import { plannedOf, readStretches } from './zip-records.js';
import { WORK, needWork } from './zip-work.js';
import type { PlannedEntry, StoredPlan } from './zip-work.js';

export const recordAccess = (deps: ZipDeps, job: ZipJobRef): Promise<ZipAccessAnswer> =>
  runZipStep<ZipAccessAnswer>(job.limits, (context) => record(deps, job, context));

async function record(deps: ZipDeps, job: ZipJobRef, { signal }: StepContext): Promise<ZipAccessAnswer> {
  const { source } = job;
  if (source.kind === 'objects') return { kind: 'recorded' };
  const read = await includedEntries(deps, job, signal);
  const event = {
    id: `zip-${jobDigest(job)}`,
    atMs: deps.nowMs(),
    userId: source.requestedBy,
    workspaceId: source.workspaceId,
    clientId: source.clientId,
    attachmentIds: read.flatMap(({ id }) => id ?? []),
    totalSizeBytes: read.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
  await deps.attachments.recordAccess(event).catch(({ message }: Error) => {
    throw new AuditUnavailable(message);
  });
  return { kind: 'recorded' };
}

/** What will be in the ZIP; nobody has seen what was left out. */
async function includedEntries(
  deps: ZipDeps,
  job: ZipJobRef,
  signal: AbortSignal,
): Promise<readonly PlannedEntry[]> {
  const plan = await needWork<StoredPlan>(deps.zips, job, WORK.plan);
  const stretches = await readStretches(deps, plan, signal);
  const all = await plannedOf(deps, plan)({ pages: stretches.flatMap(({ pages }) => pages) });
  const included = new Set(stretches.flatMap(({ built }) => built.entries.map(({ place }) => place)));
  return all.filter(({ place }) => included.has(place));
}
