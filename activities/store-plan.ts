import type { FilePlan, PlanRequest, PlannedJob } from '../core/contract.js';
import { countByRawFile } from '../core/file-counts.js';
import type { RestoreInput } from '../core/input.js';
import type { FileOutcome } from '../core/outcome.js';
import { MEBIBYTE } from '../core/units.js';
import type { RestoreDeps } from './deps.js';
import { outcomeOf } from './endings.js';
import { paged, writePlan } from './stored-plan.js';
import type { PageKind } from './stored-plan.js';
import { logPlan } from './log-lines.js';
import type { SurveyedRawFile } from './output-survey.js';

/** Files above this are restored step by step, each visible in the Web UI; so is every file of a job with few files. */
const LARGE_BYTES = 8 * MEBIBYTE;
const FEW_FILES = 500;

interface Lists {
  readonly files: Readonly<Record<PageKind, readonly FilePlan[]>>;
  readonly refusals: readonly FileOutcome[];
}

/** Writes the plan to the job's folder and returns its counts. Throws the disk's errno errors. */
export async function storePlan(
  { limits }: RestoreDeps,
  { workflowId, runId, startedAtMs }: PlanRequest,
  { verifyOnly }: RestoreInput,
  folder: string,
  rawFiles: readonly SurveyedRawFile[],
): Promise<PlannedJob> {
  const { files, refusals } = sortFiles(rawFiles);
  const all = [...files.chain, ...files.small, ...files.refused];
  const job: PlannedJob = {
    ref: { workflowId, runId, folder, verifyOnly, startedAtMs },
    limits,
    rawFiles: rawFiles.length,
    files: all.length,
    bytes: all.reduce((sum, { expected }) => sum + (expected.sizeBytes ?? 0), 0),
    filesRefused: refusals.length,
    rawFilesRefused: rawFiles.filter(({ plan }) => plan.error !== null).length,
    chainPages: paged(files.chain).length,
    smallPages: paged(files.small).length,
    destinations: [
      ...new Set(rawFiles.flatMap(({ plan }) => (plan.error === null ? (plan.destination ?? []) : []))),
    ],
    filesOfRawFiles: countByRawFile([...files.chain, ...files.small]),
  };
  const stored = rawFiles.map(({ plan: { rawFileId, projectId, bucket, destination, error } }) => ({
    rawFileId,
    projectId,
    bucket,
    destination,
    error,
  }));
  await writePlan({ job, rawFiles: stored }, files, refusals);
  logPlan(job, stored);
  return job;
}

/** Numbers the files in the order of the report and sorts them by how they are restored. */
function sortFiles(rawFiles: readonly SurveyedRawFile[]): Lists {
  const entries = rawFiles.flatMap(({ plan, filesystem }) =>
    plan.files.map((file) => ({ plan, filesystem, file })),
  );
  const few = entries.length <= FEW_FILES;
  const files: Record<PageKind, FilePlan[]> = { chain: [], small: [], refused: [] };
  const refusals: FileOutcome[] = [];
  entries.forEach(({ plan, filesystem, file: { file, key, expected, refused } }, index) => {
    const { rawFileId, destination, bucket } = plan;
    const planned = {
      index,
      rawFileId,
      file,
      destination: destination ?? '',
      bucket: bucket ?? '',
      key,
      expected,
      filesystem,
    };
    if (refused !== null) refusals.push(outcomeOf(index, refused));
    const large = few || (expected.sizeBytes ?? Infinity) > LARGE_BYTES;
    files[refused !== null ? 'refused' : large ? 'chain' : 'small'].push(planned);
  });
  return { files, refusals };
}
