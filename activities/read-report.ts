import { readFile, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { ReportTexts, RestoreResult } from '../core/contract.js';
import { isSafeProjectId } from '../core/paths.js';
import { destinationOf } from '../core/plan.js';
import type { RestoreSettings } from '../core/settings.js';
import type { RestoreDeps } from './deps.js';
import { jobsFolder, removeJobFolder } from './job-folder.js';
import { readPlan } from './stored-plan.js';
import { readEnding } from './report-note.js';
import { writeReport } from './write-report.js';

/** All texts together must fit into one message of Temporal (2 MB). */
const MAX_CHARACTERS = 1_000_000;

/** The texts of reports, whatever paths are asked for: only reports below the output root and in projects' folders are read. */
export async function readReport({ settings }: RestoreDeps, paths: readonly string[]): Promise<ReportTexts> {
  const reports: { path: string; text: string; truncated: boolean }[] = [];
  let left = MAX_CHARACTERS;
  for (const path of paths) {
    const real = await resolveReport(path, settings);
    if (real === null) continue;
    const text = await readFile(real, 'utf8');
    reports.push({ path, text: text.slice(0, left), truncated: text.length > left });
    left -= Math.min(left, text.length);
  }
  return { reports };
}

/** Where a report lies in the end; null for what is none, or not ours. */
async function resolveReport(path: string, settings: RestoreSettings): Promise<string | null> {
  const real = await realpath(path).catch(() => null);
  if (real === null || !/^_download_status_batch_[\d_]+\.(txt|json)$/.test(basename(real))) return null;
  const root = await realpath(settings.outputRoot);
  if (real.startsWith(root.endsWith(sep) ? root : root + sep)) return real;
  // A project's folder may be a link to another disk, but nothing else on the way, and not the report.
  const folder = dirname(path);
  return isProjectFolder(folder, settings) && real === join(await realpath(folder), basename(path))
    ? real
    : null;
}

const isProjectFolder = (folder: string, settings: RestoreSettings): boolean =>
  folder === destinationOf(settings, basename(folder)) && isSafeProjectId(basename(folder));

/**
 * Writes the reports of a job that was terminated, or that could not write them, from what it left on disk; null where it
 * left nothing or still runs. Why files are without an ending is told by Temporal, or noted by the job itself. Its folder goes
 * only once all of them are written.
 */
export async function rescueReport(deps: RestoreDeps, workflowId: string): Promise<RestoreResult | null> {
  const folder = jobsFolder(deps.settings.outputRoot, workflowId);
  const runs = await readdir(folder).catch(() => []);
  const plans = await Promise.all(runs.map((run) => readPlan(join(folder, run)).catch(() => null)));
  const [job] = plans
    .flatMap((plan) => plan?.job.ref ?? [])
    .toSorted((one, other) => other.startedAtMs - one.startedAtMs);
  const standing = job === undefined ? 'running' : await deps.standingOf(workflowId);
  if (job === undefined || standing === 'running') return null;
  const unnoted = { stop: standing === 'timed-out' ? 'deadline' : 'cancelled', fullFilesystems: [] } as const;
  const result = await writeReport(deps, { job, ...((await readEnding(job.folder)) ?? unnoted) });
  if (result.unwritten_reports === undefined) await removeJobFolder(job.folder);
  return result;
}
