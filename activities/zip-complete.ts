/**
 * The end of a ZIP: merges what is too small, writes manifest and central directory into the last part, and completes the upload.
 * Before that moment nothing is visible under the ZIP's key; after it, all of it is.
 */
import type { ZipCompleteAnswer, ZipJobRef, ZipRefusal } from '../core/zip-contract.js';
import { StoreProblem } from './ports.js';
import type { StepContext } from './step.js';
import { createBuilder, sendPieces } from './zip-builder.js';
import type { ZipDeps } from './zip-deps.js';
import { findZip, isOfJob, type Ending } from './zip-ending.js';
import { mergeStretches } from './zip-merge-parts.js';
import { planNames } from './zip-names.js';
import { refuse, runZipStep } from './zip-refusals.js';
import { plannedOf, readStretches } from './zip-records.js';
import { lastPart, resultOf } from './zip-tail.js';
import { WORK, needWork, readWork, writeWork } from './zip-work.js';
import type { StoredPlan } from './zip-work.js';

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
  const end = await sendPieces(builder, plan.finalPart, last.pieces);
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
  const found = await findZip(zips, job, signal);
  const isOurs = found !== null && isOfJob(found, job);
  if (found === null || !(completed || isOurs))
    return refuse('StorageError', `${result.uri}: its upload is gone`);
  if (found.sizeBytes === result.size_bytes) return { kind: 'completed', result };
  if (isOurs) await zips.remove(job.target);
  return refuse('ZipError', `${result.uri}: wanted ${result.size_bytes} bytes, found ${found.sizeBytes}`);
}

const falseIfMissing = (error: unknown): false => {
  if (error instanceof StoreProblem && error.code === 'missing') return false;
  throw error;
};
