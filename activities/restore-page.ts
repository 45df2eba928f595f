/**
 * Small files, a page of them in one activity: the very same steps as for large ones, without a trip to the server between
 * them (docs/decisions/0003). A page that is repeated goes on with the files that have no ending yet.
 */
import { Context } from '@temporalio/activity';
import { NOT_FETCHED } from '../core/contract.js';
import type { FilePlan, LocalState, PageAnswer, PageStep } from '../core/contract.js';
import { isSuccess } from '../core/outcome.js';
import type { FileOutcome } from '../core/outcome.js';
import { countByRawFile } from '../core/file-counts.js';
import type { RestoreDeps } from './deps.js';
import { diagnose } from './endings.js';
import { transferOf } from './download.js';
import { failFile } from './fail-file.js';
import { forEachAtOnce } from './in-flight.js';
import { readRecorded } from './outcome-lines.js';
import { readPage } from './stored-plan.js';
import { restoreSmallFile } from './restore-small-file.js';
import { runStep } from './step.js';
import type { StepContext } from './step.js';

/** Files of a page under way at once: they wait for S3 more than they work. */
const FILES_IN_FLIGHT = 16;

/** How a page stands: endings by index, and what failed but may be mended by a later try. */
interface PageState {
  readonly files: readonly FilePlan[];
  readonly outcomes: Map<number, FileOutcome>;
  readonly troubles: Map<number, { readonly error: unknown; readonly local: LocalState }>;
  readonly full: Set<string>;
}

/**
 * Restores the files of one page, and answers with their counts and bytes. Each file that ended has a line in the job's folder;
 * what a retry may mend is tried again with the page. Throws PlanLost where the folder is gone, and what the disk says of it.
 */
export async function restorePage(deps: RestoreDeps, step: PageStep): Promise<PageAnswer> {
  const state = await openPage(step);
  return runStep(
    step.limits,
    async (context) => {
      await restoreFiles(deps, step, state, context);
      const [trouble] = state.troubles.values();
      if (trouble !== undefined) throw trouble.error;
      return answer(state);
    },
    async (diagnosis, fails, spent) => {
      for (const file of openFiles(state)) {
        const trouble = state.troubles.get(file.index);
        const own = trouble === undefined ? diagnosis : diagnose(trouble.error);
        state.outcomes.set(
          file.index,
          await failFile(
            deps,
            { job: step.job, file },
            trouble?.local ?? 'absent',
            own,
            transferOf(NOT_FETCHED, spent.get(file.index), fails),
          ),
        );
      }
      return answer(state);
    },
  );
}

async function openPage({ job, page, fullFilesystems }: PageStep): Promise<PageState> {
  const files = await readPage(job.folder, 'small', page);
  const repeated = Context.current().info.attempt > 1;
  const known = repeated ? (await readRecorded(job.folder)).outcomes : new Map<number, FileOutcome>();
  const outcomes = files.flatMap(({ index }) => known.get(index) ?? []);
  return {
    files,
    outcomes: new Map(outcomes.map((outcome) => [outcome.index, outcome])),
    troubles: new Map(),
    full: new Set(fullFilesystems),
  };
}

/** Files without an ending, less those whose filesystem is full: those are never begun. */
const openFiles = ({ files, outcomes, full }: PageState): readonly FilePlan[] =>
  files.filter(({ index, filesystem }) => !outcomes.has(index) && !full.has(filesystem));

async function restoreFiles(
  deps: RestoreDeps,
  step: PageStep,
  state: PageState,
  context: StepContext,
): Promise<void> {
  await forEachAtOnce(openFiles(state), FILES_IN_FLIGHT, context.signal, async (file) => {
    if (state.full.has(file.filesystem)) return;
    const ended = await restoreSmallFile(deps, { ...step, file }, context);
    if ('error' in ended) state.troubles.set(file.index, ended);
    else state.outcomes.set(file.index, ended);
    if (!('error' in ended) && ended.ending.code === 'disk-full') state.full.add(file.filesystem);
    const { files, outcomes } = state;
    context.note({ page: step.page, filesDone: outcomes.size, filesTotal: files.length });
  });
}

function answer({ files, outcomes, full }: PageState): PageAnswer {
  const ended = files.flatMap(({ index }) => outcomes.get(index) ?? []);
  return {
    files: files.length,
    failed: files.length - ended.filter(({ ending }) => isSuccess(ending)).length,
    bytes: files.reduce((sum, { expected }) => sum + (expected.sizeBytes ?? 0), 0),
    bytesDownloaded: ended.reduce((sum, { bytes }) => sum + bytes, 0),
    fullFilesystems: [...full],
    filesOfRawFiles: countByRawFile(files),
  };
}
