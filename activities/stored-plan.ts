/** A job's plan on disk: what it was asked for, and its files in pages. */
import { randomUUID } from 'node:crypto';
import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PAGE_FILES } from '../core/contract.js';
import type { FilePlan, PlannedJob } from '../core/contract.js';
import type { FileOutcome } from '../core/outcome.js';
import { asLines, parseLines, planLost } from './job-folder.js';
import { makeFolder } from './make-folder.js';
import { holdReserve } from './reserve.js';

/** A raw file as the report shows it; its files are in the pages. */
export interface StoredRawFile {
  readonly rawFileId: string;
  readonly projectId: string | null;
  readonly bucket: string | null;
  readonly destination: string | null;
  readonly error: string | null;
}

export interface StoredPlan {
  readonly job: PlannedJob;
  readonly rawFiles: readonly StoredRawFile[];
}

/** `chain`: one activity at a time; `small`: a page at a time; `refused`: not tried at all. */
export type PageKind = 'chain' | 'small' | 'refused';

const pageFile = (kind: PageKind, page: number): string => `${kind}-${String(page).padStart(6, '0')}.jsonl`;

/** Splits a list into pages of PAGE_FILES. */
export const paged = <T>(values: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(values.length / PAGE_FILES) }, (_, page) =>
    values.slice(page * PAGE_FILES, (page + 1) * PAGE_FILES),
  );

/** Writes a whole plan at once: it is under its name only when it is complete. */
export async function writePlan(
  plan: StoredPlan,
  lists: Readonly<Record<PageKind, readonly FilePlan[]>>,
  refusals: readonly FileOutcome[],
): Promise<void> {
  const { folder } = plan.job.ref;
  const draft = `${folder}.${randomUUID()}.tmp`;
  await makeFolder(draft);
  try {
    for (const kind of ['chain', 'small', 'refused'] as const)
      for (const [page, files] of paged(lists[kind]).entries())
        await writeFile(join(draft, pageFile(kind, page)), asLines(files));
    await writeFile(join(draft, 'outcomes-plan.jsonl'), asLines(refusals.map((outcome) => ({ outcome }))));
    await writeFile(join(draft, 'plan.json'), JSON.stringify(plan));
    await holdReserve(draft, plan.job.files);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** The plan of a job, or null where there is none (yet, or any more). */
export async function readPlan(folder: string): Promise<StoredPlan | null> {
  try {
    return JSON.parse(await readFile(join(folder, 'plan.json'), 'utf8')) as StoredPlan;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The files of one page, in order. Throws PlanLost where the job's folder is gone, else the disk's errno. */
export async function readPage(folder: string, kind: PageKind, page: number): Promise<readonly FilePlan[]> {
  const text = await readFile(join(folder, pageFile(kind, page)), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? planLost(folder) : error;
    },
  );
  return parseLines<FilePlan>(text);
}

/** Every file of the job, in the order of the report. */
export async function readAllFiles(folder: string): Promise<readonly FilePlan[]> {
  const names = (await readdir(folder)).filter((name) => /^(chain|small|refused)-\d+\.jsonl$/.test(name));
  const pages = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return pages
    .flatMap((text) => parseLines<FilePlan>(text))
    .toSorted((one, other) => one.index - other.index);
}
