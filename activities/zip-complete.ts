/**
 * The end of a ZIP: merges what is too small, writes manifest and central directory into the last part, and completes the upload.
 * Before that moment nothing is visible under the ZIP's key; after it, all of it is.
 */
import type { BulkZipResult, ZipCompleteAnswer, ZipJobRef, ZipRefusal } from '../core/zip-contract.js';
import { StoreProblem } from './ports.js';
import type { StepContext } from './step.js';
import { createBuilder, sendPart } from './zip-builder.js';
import type { ZipDeps } from './zip-deps.js';
import { mergeStretches } from './zip-merge-parts.js';
import { planNames } from './zip-names.js';
import type { ObjectState, UploadedPart } from './zip-ports.js';
import { refuse, runZipStep } from './zip-refusals.js';
import { plannedOf, readStretches } from './zip-records.js';
import { lastPart, resultOf } from './zip-tail.js';
import { WORK, needWork, readWork, writeWork } from './zip-work.js';
import type { StoredPlan } from './zip-work.js';

/** All that is left to do, written down before it is done: a repeated step must not build again what was completed. */
export interface Ending {
  readonly parts: readonly UploadedPart[];
  readonly result: BulkZipResult;
}

type Completed = Exclude<ZipCompleteAnswer, ZipRefusal>;

export const zipComplete = (deps: ZipDeps, job: ZipJobRef): Promise<ZipCompleteAnswer> =>
  runZipStep<Completed>(job.limits, async (context) => {
    const known = await readWork<Ending>(deps.zips, job, WORK.ending);
    const ending = known ?? (await prepare(deps, job, context));
    return 'kind' in ending ? ending : finish(deps, job, ending, context.signal);
  });

async function prepare(deps: ZipDeps, job: ZipJobRef, context: StepContext): Promise<Ending | ZipRefusal> {
  const plan = await needWork<StoredPlan>(deps.zips, job, WORK.plan);
  const nameOf = await planNames(deps, job, plan.namesDigest);
  if (typeof nameOf !== 'function') return nameOf;
  const builder = createBuilder(deps, job, nameOf, context);
  const planned = plannedOf(deps, plan);
  const merged = await mergeStretches(builder, await readStretches(deps, plan, context.signal), planned);
  const last = await lastPart(plan, merged, nameOf, planned);
  if ('problem' in last) return refuse('ZipError', last.problem);
  const end = await sendPart(builder, plan.finalPart, last.bytes);
  const parts = merged.stretches.flatMap(({ built }) => built.parts);
  const ending = { parts: [...parts, end], result: resultOf(plan, merged, last) };
  await writeWork(deps.zips, job, WORK.ending, ending);
  return ending;
}

/** Completes the upload. Where it is gone, an earlier try has completed it, or the job was aborted: the object tells. */
async function finish(
  { zips }: ZipDeps,
  job: ZipJobRef,
  { parts, result }: Ending,
  signal: AbortSignal,
): Promise<ZipCompleteAnswer> {
  const completed = await zips.complete(job.target, job.uploadId, parts).then(() => true, falseIfMissing);
  const found = await zips.head(job.target, signal).catch(nullIfMissing);
  if (found === null || !(completed || isOfParts(found, parts)))
    return refuse('StorageError', `${result.uri}: its upload is gone`);
  if (found.sizeBytes === result.size_bytes) return { kind: 'completed', result };
  if (completed) await zips.remove(job.target);
  return refuse('ZipError', `${result.uri}: wanted ${result.size_bytes} bytes, found ${found.sizeBytes}`);
}

/** The ETag of an object that was uploaded in n parts ends with -n. */
const isOfParts = ({ etag }: ObjectState, parts: readonly UploadedPart[]): boolean =>
  etag.replaceAll('"', '').endsWith(`-${parts.length}`);

/** Whether the object under the ZIP's key is this job's: then it goes with a job that failed after all. */
export const isOfEnding = (found: ObjectState, { parts, result }: Ending): boolean =>
  isOfParts(found, parts) && found.sizeBytes === result.size_bytes;

const falseIfMissing = (error: unknown): false => {
  if (error instanceof StoreProblem && error.code === 'missing') return false;
  throw error;
};

export const nullIfMissing = (error: unknown): null => {
  if (error instanceof StoreProblem && error.code === 'missing') return null;
  throw error;
};
