import { randomUUID } from 'node:crypto';
import { appendFile, link, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY_PREFIX } from '../core/paths.js';
import { renderJsonReport, renderTextReport, reportFileName } from '../core/report.js';
import type { Report } from '../core/report.js';
import type { SavedReports } from '../core/result.js';
import { messageOf } from './endings.js';
import { parseLines } from './job-folder.js';
import { releaseReserve } from './reserve.js';
import { syncFolder } from './local-paths.js';
import { makeFolder } from './make-folder.js';
import { fitIntoResult } from './unwritten-reports.js';

/**
 * Writes every report to its destination; where that cannot be written, to the output root; where that cannot either, the
 * text comes back. What was written before (this step may be repeated) is not written again.
 */
export async function saveReports(
  jobFolder: string,
  outputRoot: string,
  reports: readonly Report[],
): Promise<SavedReports> {
  const written = await readWritten(jobFolder);
  const paths: string[] = [];
  const unwritten: { destination: string; problem: string; text: string }[] = [];
  for (const report of reports) {
    const { destination } = report;
    try {
      const path =
        written.get(destination) ?? (await saveSomewhere(report, [destination, outputRoot], jobFolder));
      paths.push(path);
      if (!written.has(destination)) await noteWritten(jobFolder, destination, path);
    } catch (error) {
      unwritten.push({ destination, problem: messageOf(error), text: renderTextReport(report) });
    }
  }
  return { paths, unwritten: fitIntoResult(unwritten) };
}

const writtenFile = (jobFolder: string): string => join(jobFolder, 'reports.jsonl');

/** The report is there, whether or not this can be noted. */
const noteWritten = (jobFolder: string, destination: string, path: string): Promise<void> =>
  appendFile(writtenFile(jobFolder), `\n${JSON.stringify([destination, path])}\n`).catch(() => undefined);

async function readWritten(jobFolder: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(writtenFile(jobFolder), 'utf8').catch(() => '');
  return new Map(parseLines<[string, string]>(text));
}

async function saveSomewhere(report: Report, folders: readonly string[], jobFolder: string): Promise<string> {
  // The outcomes are complete: the room that was held for them is the reports' now.
  await releaseReserve(jobFolder);
  let problem: unknown;
  for (const folder of folders) {
    try {
      return await savePair(report, folder);
    } catch (error) {
      problem ??= error;
    }
  }
  throw problem;
}

/** Writes text and JSON under one free name. Returns the path of the text. */
async function savePair(report: Report, folder: string): Promise<string> {
  await makeFolder(folder);
  for (let attempt = 1; ; attempt += 1) {
    const [text, json] = (['txt', 'json'] as const).map((kind) =>
      join(folder, reportFileName(report.timestamp, attempt, kind)),
    );
    if (text === undefined || json === undefined || !(await create(json, renderJsonReport(report)))) continue;
    const isWhole = await create(text, renderTextReport(report)).catch(async (error: unknown) => {
      await rm(json, { force: true });
      throw error;
    });
    if (isWhole) return text;
    await rm(json, { force: true });
  }
}

/** Creates a file whole or not at all, and never over another: false where the name is taken. */
async function create(path: string, text: string): Promise<boolean> {
  const draft = join(path, '..', `${TEMPORARY_PREFIX}report-${randomUUID()}`);
  try {
    await writeDurably(draft, text);
    await link(draft, path);
    await syncFolder(join(path, '..'));
    return true;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (syscall !== 'link') throw error;
    return createWithoutLinks(path, text); // some network filesystems have no hard links
  } finally {
    await rm(draft, { force: true });
  }
}

async function createWithoutLinks(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', flush: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    await rm(path, { force: true });
    throw error;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
