/**
 * The job's memory on disk, `<output root>/.stowage/<workflow id>/<run id>/`: the plan in pages, and one line for every file
 * that was begun or has ended. History carries counts only, and the report can be written even after a terminate.
 */
import { createHash, randomUUID } from 'node:crypto';
import { appendFile, mkdir, readFile, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { ApplicationFailure } from '@temporalio/activity';
import type { FilePlan, PlannedJob } from '../core/contract.js';
import type { FileOutcome } from '../core/outcome.js';
import { WORK_FOLDER } from '../core/paths.js';

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

export const PAGE_FILES = 100;

/** A workflow id may hold any character and be longer than a name on disk: it is percent-encoded, and cut where it must be. */
function folderName(workflowId: string): string {
  const name = encodeURIComponent(workflowId).replace(/^\./, '%2E');
  if (name.length <= MAX_NAME) return name;
  return `${name.slice(0, MAX_NAME - 65)}-${createHash('sha256').update(name).digest('hex')}`;
}

const MAX_NAME = 200;

export const jobsFolder = (outputRoot: string, workflowId: string): string =>
  join(outputRoot, WORK_FOLDER, folderName(workflowId));

export const jobFolder = (outputRoot: string, workflowId: string, runId: string): string =>
  join(jobsFolder(outputRoot, workflowId), runId);

const pageFile = (kind: PageKind, page: number): string => `${kind}-${String(page).padStart(6, '0')}.jsonl`;

const asLines = (values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');

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
  await mkdir(draft, { recursive: true });
  try {
    for (const kind of ['chain', 'small', 'refused'] as const)
      for (const [page, files] of paged(lists[kind]).entries())
        await writeFile(join(draft, pageFile(kind, page)), asLines(files));
    await writeFile(join(draft, 'outcomes-plan.jsonl'), asLines(refusals.map((outcome) => ({ outcome }))));
    await writeFile(join(draft, 'plan.json'), JSON.stringify(plan));
    await writeFile(join(draft, RESERVE), Buffer.alloc(reserveBytes(plan.job.files)));
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

/** A torn last line (a worker killed in the middle of a write) counts as not written. */
export function parseLines<T>(text: string): readonly T[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as T];
    } catch {
      return [];
    }
  });
}

type Entry = { readonly started: number } | { readonly outcome: FileOutcome };

// One file for each process: appends of several hosts to one file are not atomic on NFS.
const ownLines = (folder: string): string => join(folder, `outcomes-${hostname()}-${process.pid}.jsonl`);

async function append(folder: string, entry: Entry): Promise<void> {
  // The line break before it: behind a torn line (a full disk, a killed worker of the same name) this one stands on its own.
  const write = (): Promise<void> => appendFile(ownLines(folder), `\n${asLines([entry])}`);
  try {
    await write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw planLost(folder);
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    await releaseReserve(folder);
    await write();
  }
}

const RESERVE = 'reserve';
const OUTCOME_BYTES = 1500;
const MAX_RESERVE_BYTES = 64 * 1024 * 1024;

/** Room for the outcomes and the reports of a job, held from the beginning: a job that fills the disk can still say so. */
const reserveBytes = (files: number): number => Math.min(MAX_RESERVE_BYTES, 65_536 + files * OUTCOME_BYTES);

/** Lets the held room go, because the disk is full. */
export const releaseReserve = (folder: string): Promise<void> => rm(join(folder, RESERVE), { force: true });

/** Somebody has removed the job's folder: no retry brings it back. */
export const planLost = (folder: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    `The job's plan is gone: expected it in ${folder}. Was the folder removed while the job ran? ` +
      'Start the restore again; files that are right already are skipped.',
    'PlanLost',
  );

export const recordStart = (folder: string, index: number): Promise<void> =>
  append(folder, { started: index });
export const recordOutcome = (folder: string, outcome: FileOutcome): Promise<void> =>
  append(folder, { outcome });

export interface Recorded {
  readonly outcomes: ReadonlyMap<number, FileOutcome>;
  readonly started: ReadonlySet<number>;
}

/** What is known of every file. A step that was repeated after its answer got lost leaves two lines of one file: one counts. */
export async function readRecorded(folder: string): Promise<Recorded> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('outcomes-'));
  const entries = (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).flatMap(
    (text) => parseLines<Entry>(text),
  );
  const outcomes = new Map<number, FileOutcome>();
  const started = new Set<number>();
  for (const entry of entries) {
    if ('started' in entry) started.add(entry.started);
    else if (!outcomes.has(entry.outcome.index)) outcomes.set(entry.outcome.index, entry.outcome);
  }
  return { outcomes, started };
}

/** Removes a job's folder, and the folders above it that are empty then. */
export async function removeJobFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const above of [dirname(folder), dirname(dirname(folder))]) {
    try {
      await rmdir(above);
    } catch {
      return; // another job is using it
    }
  }
}
