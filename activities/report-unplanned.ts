/**
 * The report of a job that ended before it had a plan: cancelled while planning, out of time, the catalogue out of reach. What
 * was asked for is known, where it belongs is not: the report lies in the output root.
 */
import type { RestoreResult, UnplannedRequest } from '../core/contract.js';
import { parseRestoreInput } from '../core/input.js';
import { summarise } from '../core/result.js';
import type { RestoreDeps } from './deps.js';
import { jobFolder, removeJobFolder } from './job-folder.js';
import { makeFolder } from './make-folder.js';
import { saveReports } from './report-files.js';

/**
 * Writes one error line for each raw file. A plan that was written although nobody could be told of it any more is removed:
 * no file of it was begun. Null where no report is due: a dry run writes nothing, an invalid input names no raw files.
 */
export async function reportUnplanned(
  { settings, nowMs }: RestoreDeps,
  { args, workflowId, runId, startedAtMs, error }: UnplannedRequest,
): Promise<RestoreResult | null> {
  const input = parseRestoreInput(args);
  if (!input.ok || input.value.dryRun) return null;
  const folder = jobFolder(settings.outputRoot, workflowId, runId);
  const report = {
    destination: settings.outputRoot,
    timestamp: new Date(nowMs()).toISOString(),
    workflowId,
    runId,
    durationS: Math.max(0, Math.round((nowMs() - startedAtMs) / 100) / 10),
    rawFiles: input.value.rawFileIds.map((rawFileId) => ({ ...UNKNOWN, rawFileId, error })),
  };
  // Where the folder cannot be made, neither can the report: then it is in the result.
  await makeFolder(folder).catch(() => undefined);
  const saved = await saveReports(folder, settings.outputRoot, [report]);
  await removeJobFolder(folder).catch(() => undefined);
  return summarise([report], report.durationS, saved);
}

const UNKNOWN = { projectId: null, bucket: null, files: [] } as const;
