/** The files of a job, side by side: step by step where each is to be seen, a page at a time where they are small and many. */
import { condition, workflowInfo } from '@temporalio/workflow';
import type { FilePlan } from '../core/contract.js';
import { PAGE_FILES, transferQueue } from '../core/contract.js';
import { bookkeeping, transfersOn } from './policies.js';
import { pool } from './pool.js';
import { changed } from './restore-desk.js';
import type { Desk } from './restore-desk.js';
import { restoreFile } from './restore-file.js';
import { addEnding, addPage, addUnbegun } from './restore-state.js';
import type { RestoreState } from './restore-state.js';

/** More than there are transfer slots, so that checks and verifications go on beside the transfers. */
const FILES_IN_FLIGHT = 16;
const PAGES_IN_FLIGHT = 3;

/** Returns when all files have ended, or when this run has grown long and begins no more (state.handOver). */
export async function restoreFiles(desk: Desk, state: RestoreState): Promise<void> {
  const next = fileByFile(state);
  const files = pool(
    FILES_IN_FLIGHT,
    () => unlessPaused(desk, state, next),
    (file) => restoreOne(desk, state, file),
  );
  const pages = pool(
    PAGES_IN_FLIGHT,
    () => unlessPaused(desk, state, () => nextPage(state)),
    (page) => restorePage(desk, state, page),
  );
  const ended = await Promise.allSettled([files, pages]);
  for (const part of ended) if (part.status === 'rejected') throw part.reason;
}

/** Nothing new is begun during a pause, nor by a run whose history has grown (Temporal ends a run at 51,200 events). */
async function unlessPaused<T>(
  desk: Desk,
  state: RestoreState,
  next: () => Promise<T | null>,
): Promise<T | null> {
  await condition(() => !desk.paused);
  if (state.handOver) return null;
  const item = await next();
  // Only a run that leaves work behind hands over; the items that were taken are still done by this one.
  if (item !== null && workflowInfo().continueAsNewSuggested) state.handOver = true;
  return item;
}

/** Hands out the files one after another, reading each page of the plan when its first file is due. */
function fileByFile(state: RestoreState): () => Promise<FilePlan | null> {
  const pages = new Map<number, Promise<readonly FilePlan[]>>();
  const { ref: job, chainPages } = state.job;
  return async () => {
    const at = state.nextChainFile;
    const page = Math.floor(at / PAGE_FILES);
    if (page >= chainPages) return null;
    state.nextChainFile += 1;
    const read = pages.get(page) ?? bookkeeping.readPlanPage({ job, page });
    pages.set(page, read);
    pages.delete(page - 1);
    return (await read)[at % PAGE_FILES] ?? null;
  };
}

const nextPage = async (state: RestoreState): Promise<number | null> =>
  state.nextSmallPage < state.job.smallPages ? state.nextSmallPage++ : null;

async function restoreOne(desk: Desk, state: RestoreState, file: FilePlan): Promise<void> {
  if (state.fullFilesystems.has(file.filesystem)) {
    addUnbegun(state, file);
    return changed(desk);
  }
  const { ref, limits } = state.job;
  const bytesTotal = file.expected.sizeBytes ?? 0;
  const { rawFileId } = file;
  const outcome = await restoreFile(ref, limits, file, (step) => {
    const bytesDone = step === 'verifying' ? bytesTotal : 0;
    state.current.set(file.index, { rawFileId, file: file.file, state: step, bytesDone, bytesTotal });
    changed(desk);
  });
  state.current.delete(file.index);
  addEnding(state, file, outcome);
  changed(desk);
}

async function restorePage(desk: Desk, state: RestoreState, page: number): Promise<void> {
  const transfers = transfersOn(transferQueue(workflowInfo().taskQueue));
  const summary = `small files, page ${page + 1} of ${state.job.smallPages}`;
  const { ref: job, limits } = state.job;
  const step = { job, limits, page, fullFilesystems: [...state.fullFilesystems] };
  addPage(state, await transfers.restorePage.executeWithOptions({ summary }, [step]));
  changed(desk);
}
