/** What has become of a job's files, one line for each that was begun or has ended. */
import { appendFile, readFile, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isSuccess } from '../core/outcome.js';
import type { FileOutcome } from '../core/outcome.js';
import { asLines, parseLines, planLost } from './job-folder.js';
import { releaseReserve } from './reserve.js';

/** `atMs`: when it was written, by the clock of whoever wrote it. */
type Entry = { readonly started: number } | { readonly outcome: FileOutcome; readonly atMs?: number };

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

/** Writes down that a file is being worked on. Throws PlanLost where the job's folder is gone, else the disk's errno. */
export const recordStart = (folder: string, index: number): Promise<void> =>
  append(folder, { started: index });

/** Writes a file's ending down. Throws as recordStart does; a full disk only where the held room was not enough. */
export const recordOutcome = (folder: string, outcome: FileOutcome): Promise<void> =>
  append(folder, { outcome, atMs: Date.now() });

export interface Recorded {
  readonly outcomes: ReadonlyMap<number, FileOutcome>;
  readonly started: ReadonlySet<number>;
}

/**
 * What is known of every file. A step that was repeated after its answer got lost leaves two lines of one file; one counts: a
 * success before a failure, because its bytes were verified under their name, and then the earlier one.
 */
export async function readRecorded(folder: string): Promise<Recorded> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('outcomes-')).toSorted();
  const entries = (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).flatMap(
    (text) => parseLines<Entry>(text),
  );
  const started = new Set(entries.flatMap((entry) => ('started' in entry ? entry.started : [])));
  const ended = entries.flatMap((entry) => ('outcome' in entry ? entry : [])).toSorted(byWeight);
  const outcomes = new Map<number, FileOutcome>();
  for (const { outcome } of ended) if (!outcomes.has(outcome.index)) outcomes.set(outcome.index, outcome);
  return { outcomes, started };
}

type EndedEntry = Extract<Entry, { readonly outcome: FileOutcome }>;

/** Entries of one moment stay in the order of their files' names. */
const byWeight = (one: EndedEntry, other: EndedEntry): number =>
  Number(isSuccess(other.outcome.ending)) - Number(isSuccess(one.outcome.ending)) ||
  (one.atMs ?? 0) - (other.atMs ?? 0);
