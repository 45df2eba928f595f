/** A dry run: the same checks of S3 and of the disk as a restore makes, and nothing written. */
import type { FilePlan, JobRef, RestorePreview } from '../core/contract.js';
import type { Ending } from '../core/outcome.js';
import { isSuccess, statusText } from '../core/outcome.js';
import type { PlannedFile } from '../core/plan.js';
import type { RestoreDeps } from './deps.js';
import { diagnose } from './endings.js';
import { forEachAtOnce } from './in-flight.js';
import { checkLocal } from './local-check.js';
import type { Survey, SurveyedRawFile } from './output-survey.js';
import { checkSource } from './s3-etag-check.js';
import type { StepContext } from './step.js';

const FILES_IN_FLIGHT = 8;
const MAX_PROBLEMS = 100;

type Prospect = 'download' | 'heal' | Ending;
type Problem = RestorePreview['problems'][number];

/**
 * Takes the surveyed plans; answers with one row for each raw file, in order, what would be fetched (in bytes), and the first
 * 100 problems. A file that cannot be judged is a problem, not an exception; throws the reason of an abort only.
 */
export async function previewRestore(
  deps: RestoreDeps,
  { rawFiles, filesystems }: Survey,
  context: StepContext,
): Promise<RestorePreview> {
  const problems: Problem[] = [];
  const rows: RestorePreview['raw_files'][number][] = [];
  for (const surveyed of rawFiles) rows.push(await previewRawFile(deps, surveyed, context, problems));
  return {
    dry_run: true,
    raw_files: rows,
    filesystems: filesystems.map(({ name, path, freeBytes }) => ({
      path,
      needed_bytes: rawFiles.reduce((sum, one) => sum + (one.filesystem === name ? one.missingBytes : 0), 0),
      free_bytes: freeBytes,
    })),
    problems: problems.slice(0, MAX_PROBLEMS),
    problems_omitted: Math.max(0, problems.length - MAX_PROBLEMS),
  };
}

async function previewRawFile(
  deps: RestoreDeps,
  { plan, filesystem }: SurveyedRawFile,
  context: StepContext,
  problems: Problem[],
): Promise<RestorePreview['raw_files'][number]> {
  const tally = { download: 0, skip: 0, heal: 0, bytes: 0 };
  await forEachAtOnce(plan.files, FILES_IN_FLIGHT, context.signal, async (file) => {
    const { rawFileId, destination, bucket } = plan;
    const { key, expected } = file;
    const planned = {
      index: 0,
      rawFileId,
      file: file.file,
      destination: destination ?? '',
      bucket: bucket ?? '',
      key,
      expected,
      filesystem,
    };
    const prospect = await prospectOf(deps, file, planned, context.signal);
    if (prospect === 'download' || prospect === 'heal') {
      tally[prospect] += 1;
      tally.bytes += expected.sizeBytes ?? 0;
    } else if (isSuccess(prospect)) tally.skip += 1;
    else problems.push({ raw_file_id: rawFileId, file: file.file, status: statusText(prospect) });
  });
  return {
    raw_file_id: plan.rawFileId,
    project_id: plan.projectId,
    destination: plan.destination,
    files: plan.files.length,
    bytes: plan.files.reduce((sum, { expected }) => sum + (expected.sizeBytes ?? 0), 0),
    download: tally.download,
    skip: tally.skip,
    heal: tally.heal,
    bytes_to_download: tally.bytes,
    error: plan.error,
  };
}

/** There is no job: a dry run has no folder, no retries and no reports. */
const NO_JOB: JobRef = { workflowId: '', runId: '', folder: '', verifyOnly: false, startedAtMs: 0 };

async function prospectOf(
  deps: RestoreDeps,
  { refused }: PlannedFile,
  file: FilePlan,
  signal: AbortSignal,
): Promise<Prospect> {
  if (refused !== null) return refused;
  try {
    const step = { job: NO_JOB, file, limits: deps.limits };
    const checked = await checkSource(deps, step, signal);
    if (checked.kind === 'ended') return checked.outcome.ending;
    const found = await checkLocal(deps, { ...step, source: checked.source }, signal);
    if (found.kind === 'ended') return found.outcome.ending;
    return found.local === 'wrong' ? 'heal' : 'download';
  } catch (error) {
    signal.throwIfAborted();
    return diagnose(error).ending;
  }
}
