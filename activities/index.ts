/**
 * The list of activities. Each runs one step of the job under heartbeats, and each step that ends a file's story writes the
 * ending down itself, so that a report can be made of whatever has happened.
 */
import { NOT_FETCHED } from '../core/contract.js';
import type {
  FileStep,
  LocalState,
  RestoreActivities,
  Spent,
  Transfer,
  TransferActivities,
} from '../core/contract.js';
import type { FileOutcome } from '../core/outcome.js';
import { conclude } from './conclude.js';
import type { RestoreDeps } from './deps.js';
import { fetchFile, transferOf } from './download.js';
import { failFile } from './fail-file.js';
import type { Diagnosis } from './endings.js';
import { removeJobFolder } from './job-folder.js';
import { recordStart } from './outcome-lines.js';
import { readPage } from './stored-plan.js';
import { checkLocal } from './local-check.js';
import { verifyFile } from './local-verify.js';
import { planRestore } from './plan-restore.js';
import { readReport, rescueReport } from './read-report.js';
import { reportUnplanned } from './report-unplanned.js';
import { restorePage } from './restore-page.js';
import { checkSource } from './s3-etag-check.js';
import { runStep, underHeartbeats } from './step.js';
import { writeReport } from './write-report.js';

/** Activities of the job's own queue. */
export const createRestoreActivities = (deps: RestoreDeps): RestoreActivities => ({
  planRestore: (request) => planRestore(deps, request),
  readPlanPage: ({ job, page }) => readPage(job.folder, 'chain', page),
  s3EtagCheck: (step) =>
    runStep(
      step.limits,
      async ({ signal }) => {
        await recordStart(step.job.folder, step.file.index);
        return concluded(deps, step, 'absent', await checkSource(deps, step, signal));
      },
      failing(deps, step, 'absent', NOT_FETCHED),
    ),
  localCheck: (step) =>
    runStep(
      step.limits,
      async ({ signal }) => concluded(deps, step, 'absent', await checkLocal(deps, step, signal)),
      failing(deps, step, 'absent', NOT_FETCHED),
    ),
  localVerify: (step) =>
    runStep(
      step.limits,
      async (context) => concluded(deps, step, step.local, await verifyFile(deps, step, context)),
      failing(deps, step, step.local, { ...step.transfer, attempts: 0 }),
    ),
  concludeFile: ({ job, file, outcome, local }) =>
    underHeartbeats(() => conclude(deps, job, file, outcome, local)),
  writeReport: (request) => writeReport(deps, request),
  reportUnplanned: (request) => reportUnplanned(deps, request),
  closeJob: ({ folder }) => removeJobFolder(folder),
  readReport: ({ paths }) => readReport(deps, paths),
  rescueReport: ({ workflowId }) => rescueReport(deps, workflowId),
});

/** Activities of the transfer queue: each holds one of the host's transfer slots. */
export const createTransferActivities = (deps: RestoreDeps): TransferActivities => ({
  download: (step) =>
    runStep(
      step.limits,
      async (context) => concluded(deps, step, step.local, await fetchFile(deps, step, context)),
      failing(deps, step, step.local, step.before),
    ),
  restorePage: (step) => restorePage(deps, step),
});

async function concluded<
  A extends { readonly kind: string } | { readonly kind: 'ended'; readonly outcome: FileOutcome },
>(deps: RestoreDeps, { job, file }: FileStep, local: LocalState, answer: A): Promise<A> {
  if (answer.kind === 'ended' && 'outcome' in answer) await conclude(deps, job, file, answer.outcome, local);
  return answer;
}

/** The answer of a step that no retry can mend, or that was retried often enough; `before` is what the file had cost by then. */
const failing =
  (deps: RestoreDeps, step: FileStep, local: LocalState, before: Transfer) =>
  async (
    diagnosis: Diagnosis,
    fails: number,
    spent: ReadonlyMap<number, Spent>,
  ): Promise<{ readonly kind: 'ended'; readonly outcome: FileOutcome }> => {
    const tried = transferOf(before, spent.get(step.file.index), fails);
    return { kind: 'ended', outcome: await failFile(deps, step, local, diagnosis, tried) };
  };
