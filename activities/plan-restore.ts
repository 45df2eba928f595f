/**
 * The first activity of a restore, and the one door that every caller passes: parses the input, reads the catalogue once,
 * decides everything that can be decided without S3, and writes the plan down. A dry run ends here with the plan as its result.
 */
import { ApplicationFailure } from '@temporalio/activity';
import picomatch from 'picomatch';
import type { PlanAnswer, PlanRequest } from '../core/contract.js';
import { parseRestoreInput } from '../core/input.js';
import type { RestoreInput } from '../core/input.js';
import { planRawFile, refuseCollisions } from '../core/plan.js';
import type { RawFilePlan } from '../core/plan.js';
import type { RestoreDeps } from './deps.js';
import { errnoOf } from './endings.js';
import { jobFolder } from './job-folder.js';
import { readPlan } from './stored-plan.js';
import { surveyOutput } from './output-survey.js';
import { previewRestore } from './preview.js';
import { runStep } from './step.js';
import type { StepContext } from './step.js';
import { storePlan } from './store-plan.js';
import { unwritableResult } from './unwritable.js';

/**
 * Answers with the counts of a written plan, a dry run's preview, or why there is none; what was planned by an earlier try is
 * the answer again. Waits and tries end with the job's time limit, which only the worker knows. Throws ApplicationFailure, not
 * to be retried: CatalogueUnavailable, or OutputUnavailable where it is the disk that fails.
 */
export function planRestore(deps: RestoreDeps, request: PlanRequest): Promise<PlanAnswer> {
  const { limits } = deps;
  const leftMs = request.startedAtMs + limits.timeoutMs - deps.nowMs();
  if (leftMs <= 0) return Promise.resolve({ kind: 'too-late' });
  // No try is asked for that would come too late.
  const retries = leftMs > limits.retryDelayMs ? limits.retries : 0;
  return runStep(
    { ...limits, retries },
    (context) => planWithin(leftMs, deps, request, context),
    ({ cause, ending: { code } }) => {
      const isDisk = code === 'cannot-write' || code === 'disk-full';
      throw ApplicationFailure.nonRetryable(cause, isDisk ? 'OutputUnavailable' : 'CatalogueUnavailable');
    },
  );
}

/** Longer than this a timer of Node's cannot wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

async function planWithin(
  leftMs: number,
  deps: RestoreDeps,
  request: PlanRequest,
  context: StepContext,
): Promise<PlanAnswer> {
  const late = AbortSignal.timeout(Math.min(leftMs, LONGEST_TIMER_MS));
  const signal = AbortSignal.any([context.signal, late]);
  try {
    return await plan(deps, request, { ...context, signal });
  } catch (error) {
    if (late.aborted && !context.signal.aborted) return { kind: 'too-late' };
    throw error;
  }
}

async function plan(deps: RestoreDeps, request: PlanRequest, context: StepContext): Promise<PlanAnswer> {
  const parsed = parseRestoreInput(request.args);
  if (!parsed.ok) return { kind: 'invalid', message: parsed.message };
  const input = parsed.value;
  const folder = jobFolder(deps.settings.outputRoot, request.workflowId, request.runId);
  const written = input.dryRun ? null : await readPlan(folder).catch(() => null);
  if (written !== null) return { kind: 'planned', job: written.job };
  const plans = await readCatalogue(deps, input, context.signal);
  if (plans === null)
    return {
      kind: 'invalid',
      message: `files: expected globs that match files of these raw files; none matches ${JSON.stringify(input.files)}`,
    };
  const mayTouch = !input.dryRun && !input.verifyOnly;
  const survey = await surveyOutput(plans, { mayTouch, needsSpace: !input.verifyOnly });
  if (input.dryRun) return { kind: 'preview', preview: await previewRestore(deps, survey, context) };
  try {
    return { kind: 'planned', job: await storePlan(deps, request, input, folder, survey.rawFiles) };
  } catch (error) {
    const others = await readPlan(folder).catch(() => null); // another try of this step was quicker
    if (others !== null) return { kind: 'planned', job: others.job };
    const errno = errnoOf(error);
    if (errno === null) throw error;
    return { kind: 'unwritable', result: unwritableResult(deps, request, plans, errno) };
  }
}

/** The plans of all raw files in the order asked for; null where a selection selects nothing at all. */
async function readCatalogue(
  { rawFiles, settings }: RestoreDeps,
  { rawFileIds, files }: RestoreInput,
  signal: AbortSignal,
): Promise<readonly RawFilePlan[] | null> {
  const documents = new Map(
    (await rawFiles.find(rawFileIds, signal)).map((document) => [document._id, document]),
  );
  const wanted = files.length === 0 ? () => true : matchesAny(files);
  const plans = rawFileIds.map((id) => planRawFile(id, documents.get(id) ?? null, settings, wanted));
  const sound = plans.filter(({ error }) => error === null);
  if (sound.length > 0 && sound.every((one) => one.files.length === 0)) return null;
  return refuseCollisions(plans);
}

/** A glob without a slash is meant for the file's own name, wherever the file lies. */
function matchesAny(globs: readonly string[]): (path: string) => boolean {
  const matchers = globs.map((glob) => picomatch(glob, { basename: !glob.includes('/'), dot: true }));
  return (path) => matchers.some((matches) => matches(path));
}
