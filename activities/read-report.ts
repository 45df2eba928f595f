import { readFile, readdir, realpath } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import type { ReportTexts, RestoreResult } from '../core/contract.js';
import type { RestoreDeps } from './deps.js';
import { jobsFolder, readPlan, removeJobFolder } from './ledger.js';
import { writeReport } from './write-report.js';

/** All texts together must fit into one message of Temporal (2 MB). */
const MAX_CHARACTERS = 1_000_000;

/** The texts of reports. Only reports below the output root are read, whatever paths are asked for. */
export async function readReport({ settings }: RestoreDeps, paths: readonly string[]): Promise<ReportTexts> {
  const root = await realpath(settings.outputRoot);
  const reports: { path: string; text: string; truncated: boolean }[] = [];
  let left = MAX_CHARACTERS;
  for (const path of paths) {
    const real = await realpath(path).catch(() => null);
    if (real === null || !isReport(real, root)) continue;
    const text = await readFile(real, 'utf8');
    reports.push({ path, text: text.slice(0, left), truncated: text.length > left });
    left -= Math.min(left, text.length);
  }
  return { reports };
}

const isReport = (path: string, root: string): boolean =>
  path.startsWith(root + sep) && /^_download_status_batch_[\d_]+\.(txt|json)$/.test(basename(path));

/**
 * Writes the reports of a job that was terminated, or that could not write them, from what it left on disk; null where it
 * left nothing or still runs. Its folder goes only once all of them are written.
 */
export async function rescueReport(deps: RestoreDeps, workflowId: string): Promise<RestoreResult | null> {
  const folder = jobsFolder(deps.settings.outputRoot, workflowId);
  const runs = await readdir(folder).catch(() => []);
  const plans = await Promise.all(runs.map((run) => readPlan(join(folder, run)).catch(() => null)));
  const [job] = plans
    .flatMap((plan) => plan?.job.ref ?? [])
    .toSorted((one, other) => other.startedAtMs - one.startedAtMs);
  if (job === undefined || (await deps.isRunning(workflowId))) return null;
  const result = await writeReport(deps, { job, stop: 'cancelled', fullFilesystems: [] });
  if (result.unwritten_reports === undefined) await removeJobFolder(job.folder);
  return result;
}
