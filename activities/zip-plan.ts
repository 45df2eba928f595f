/**
 * The first activity of a bulk ZIP, and the one door that every caller passes: parses the input, asks the database and S3, lays
 * the entries out, and writes the plan down.
 */
import type { JobLimits } from '../core/contract.js';
import type {
  PlannedZip,
  ZipJobRef,
  ZipPlanAnswer,
  ZipPlanRequest,
  ZipRefusal,
  ZipSource,
} from '../core/zip-contract.js';
import { methodFor } from '../core/zip-compressible.js';
import { layOutZip } from '../core/zip-layout.js';
import type { ZipInput } from '../core/zip-request.js';
import type { ZipLayout } from '../core/zip-segments.js';
import { forEachAtOnce } from './in-flight.js';
import type { StepContext } from './step.js';
import type { ZipDeps } from './zip-deps.js';
import { readZipInput } from './zip-door.js';
import { safeNames } from './zip-names.js';
import { jobDigest, placeOf, type ZipPlace } from './zip-place.js';
import { EntryFailed, refuse, runZipStep } from './zip-refusals.js';
import { survey, type Survey } from './zip-survey.js';
import { NO_TIME_S } from './zip-time.js';
import { WORK, originOf, readWork, writeWork } from './zip-work.js';
import type { PlanPage, PlannedEntry, RefusedEntry, StoredPlan } from './zip-work.js';

const WRITES_AT_ONCE = 4;
/** Somebody waits for a ZIP of attachments. */
const SHORT_RETRY_DELAY_MS = 10_000;

export const planZip = (deps: ZipDeps, request: ZipPlanRequest): Promise<ZipPlanAnswer> =>
  runZipStep(shortened(deps.limits), (context) => plan(deps, request, context));

const shortened = (limits: JobLimits): JobLimits => ({
  ...limits,
  retryDelayMs: Math.min(limits.retryDelayMs, SHORT_RETRY_DELAY_MS),
});

async function plan(deps: ZipDeps, request: ZipPlanRequest, context: StepContext): Promise<ZipPlanAnswer> {
  const input = readZipInput(deps, request);
  if (!input.ok) return input.refusal;
  const place = placeOf(input.value, request, deps.settings.zipBucket);
  if (place === null)
    return refuse('ZipError', 'STOWAGE_ZIP_BUCKET is not set on the worker', 'misconfigured');
  const written = await readWork<StoredPlan>(deps.zips, place, WORK.plan);
  if (written !== null) return { kind: 'planned', job: written.job };
  const sorted = await surveyAndSort(deps, input.value, place, context);
  if ('kind' in sorted) return sorted;
  const layout = layOutZip(sorted.entries);
  if ('problem' in layout) return refuse('ZipError', layout.problem);
  return {
    kind: 'planned',
    job: await writePlan(deps, request, input.value, place, sorted, layout, context),
  };
}

/** What was found is let go as soon as it is sorted: there may be a hundred thousand. */
async function surveyAndSort(
  deps: ZipDeps,
  input: ZipInput,
  { workPrefix }: ZipPlace,
  { signal }: StepContext,
): Promise<SortedEntries | ZipRefusal> {
  const found = await survey(deps, input, workPrefix, signal);
  return 'kind' in found ? found : sortEntries(input, found);
}

interface SortedEntries {
  readonly entries: readonly (PlannedEntry & { readonly name: string })[];
  readonly refused: readonly RefusedEntry[];
  readonly namesDigest: string | null;
}

/** Names all entries and sets those apart that cannot be had. Throws EntryFailed where that ends the job. */
function sortEntries(input: ZipInput, found: Survey): SortedEntries {
  const { kind, onError, compression } = input;
  const names = safeNames(
    found.entries.map(({ rawName }) => rawName),
    kind === 'attachments' ? 'flat' : 'folders',
    onError,
  );
  const entries: (PlannedEntry & { readonly name: string })[] = [];
  const refused: RefusedEntry[] = [];
  for (const [place, entry] of found.entries.entries()) {
    const { id, bucket, key, contentType, mtimeS, state } = entry;
    const name = names[place] ?? '';
    if (typeof state === 'string') {
      if (onError === 'fail') throw new EntryFailed(originOf(entry), state);
      refused.push({
        place,
        origin: originOf(entry),
        name: kind === 'attachments' ? null : name,
        reason: state,
      });
      continue;
    }
    const { etag, sizeBytes } = state;
    const method = methodFor(compression, { name, contentType, sizeBytes });
    const writtenS = mtimeS ?? NO_TIME_S;
    entries.push({ place, id, bucket, key, etag, sizeBytes, mtimeS: writtenS, method, name });
  }
  return { entries, refused, namesDigest: found.namesDigest };
}

/** Pages first, then the upload, then the plan itself, by which a repeated step knows that all of it is there. */
async function writePlan(
  deps: ZipDeps,
  request: ZipPlanRequest,
  input: ZipInput,
  place: ZipPlace,
  { entries, refused, namesDigest }: SortedEntries,
  { segments, finalPart }: ZipLayout,
  { signal }: StepContext,
): Promise<PlannedZip> {
  const { zips } = deps;
  const known = input.kind === 'attachments' ? { name: null } : {};
  const begun: { uploadId: string | null } = { uploadId: null };
  try {
    await forEachAtOnce(segments.entries(), WRITES_AT_ONCE, signal, async ([at, segment]) => {
      const own = entries.slice(segment.from, segment.to).map((entry) => ({ ...entry, ...known }));
      const page: PlanPage = { segment, entries: own, namesDigest };
      await writeWork(zips, place, WORK.page(at), page);
    });
    begun.uploadId = await openUpload(deps, input, place, request);
    signal.throwIfAborted();
    const job: PlannedZip = {
      ref: refOf(deps, request, input, place, begun.uploadId),
      entries: entries.length + refused.length,
      refused: refused.length,
      bytes: entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      segments: segments.length,
      fileName: place.fileName,
      ...(input.kind === 'attachments' ? { ttlMs: deps.settings.ttlMs } : {}),
    };
    await writeWork(zips, place, WORK.plan, { job, finalPart, refused, namesDigest } satisfies StoredPlan);
    return job;
  } catch (error) {
    // The next try, if there is one, begins anew; nothing else knows of this upload.
    if (begun.uploadId !== null) await zips.abort(place.target, begun.uploadId).catch(() => undefined);
    await zips.removeAll(place.target.bucket, place.workPrefix).catch(() => undefined);
    throw error;
  }
}

/** The key of an attachments' ZIP is the job's own: an upload to it is one that an earlier try began. */
async function openUpload(
  { zips }: ZipDeps,
  { kind }: ZipInput,
  { target }: ZipPlace,
  request: ZipPlanRequest,
): Promise<string> {
  const [open] = kind === 'attachments' ? await zips.openUploads(target) : [];
  return open ?? zips.begin(target, 'application/zip', jobDigest(request));
}

function refOf(
  { limits }: ZipDeps,
  { workflowId, runId, startedAtMs }: ZipPlanRequest,
  input: ZipInput,
  { target, workPrefix }: ZipPlace,
  uploadId: string,
): ZipJobRef {
  const { onError, compression } = input;
  return {
    workflowId,
    runId,
    source: sourceOf(input),
    target,
    uploadId,
    onError,
    compression,
    workPrefix,
    limits: input.kind === 'attachments' ? shortened(limits) : limits,
    startedAtMs,
  };
}

function sourceOf(input: ZipInput): ZipSource {
  if (input.kind !== 'attachments') return { kind: 'objects' };
  const { kind, workspaceId, clientId, attachmentIds, requestedBy } = input;
  return { kind, workspaceId, clientId, attachmentIds, requestedBy };
}
