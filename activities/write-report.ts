/**
 * The reports of a job, from whatever its folder holds: written on every way out, one pair (text and JSON) for each
 * destination, never over an older one.
 */
import type { FilePlan, ReportRequest, RestoreResult } from '../core/contract.js';
import type { Ending, FileOutcome } from '../core/outcome.js';
import { NO_EVIDENCE } from '../core/outcome.js';
import type { Report, ReportedRawFile } from '../core/report.js';
import { summarise } from '../core/result.js';
import type { RestoreDeps } from './deps.js';
import { planLost } from './job-folder.js';
import { readRecorded } from './outcome-lines.js';
import { readAllFiles, readPlan } from './stored-plan.js';
import type { Recorded } from './outcome-lines.js';
import type { StoredPlan } from './stored-plan.js';
import { saveReports } from './report-files.js';
import { noteEnding } from './report-note.js';

/** Throws where the job's folder cannot be read; a report that cannot be written anywhere is in the result itself. */
export async function writeReport(deps: RestoreDeps, request: ReportRequest): Promise<RestoreResult> {
  const { folder, startedAtMs } = request.job;
  const plan = await readPlan(folder);
  if (plan === null) throw planLost(folder);
  const [files, recorded] = [await readAllFiles(folder), await readRecorded(folder)];
  const durationS = Math.max(0, Math.round((deps.nowMs() - startedAtMs) / 100) / 10);
  const timestamp = new Date(deps.nowMs()).toISOString();
  const reports = groupByDestination(plan, files, recorded, request).map(
    ([destination, rawFiles]): Report => {
      const { workflowId, runId } = request.job;
      return {
        destination: destination ?? deps.settings.outputRoot,
        timestamp,
        workflowId,
        runId,
        durationS,
        rawFiles,
      };
    },
  );
  const saved = await saveReports(folder, deps.settings.outputRoot, reports);
  if (saved.unwritten.length > 0) await noteEnding(folder, request);
  return summarise(reports, durationS, saved);
}

/** Raw files without a destination have a report of their own, in the output root. */
function groupByDestination(
  plan: StoredPlan,
  files: readonly FilePlan[],
  recorded: Recorded,
  request: ReportRequest,
): readonly (readonly [string | null, readonly ReportedRawFile[]])[] {
  const byRawFile = groupBy(files, ({ rawFileId }) => rawFileId);
  const reported = plan.rawFiles.map(({ destination, ...rawFile }) => ({
    destination,
    rawFile: {
      ...rawFile,
      files: (byRawFile.get(rawFile.rawFileId) ?? []).map((file) => ({
        file: file.file,
        expected: file.expected,
        outcome: recorded.outcomes.get(file.index) ?? withoutOutcome(file, recorded, request),
      })),
    },
  }));
  const groups = groupBy(reported, ({ destination }) => destination);
  return [...groups].map(([destination, members]) => [destination, members.map(({ rawFile }) => rawFile)]);
}

function groupBy<K, T>(values: readonly T[], keyOf: (value: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}

/** What is said of a file that has no ending: never that it is all right. */
function withoutOutcome(
  { index, filesystem }: FilePlan,
  { started }: Recorded,
  request: ReportRequest,
): FileOutcome {
  return { index, ending: unended(), bytes: 0, elapsedMs: 0, evidence: NO_EVIDENCE };

  function unended(): Ending {
    const { stop, fullFilesystems } = request;
    if (started.has(index) && stop !== null) return { code: 'interrupted', reason: stop };
    if (fullFilesystems.includes(filesystem)) return { code: 'not-started', reason: 'disk full' };
    if (stop !== null) return { code: 'not-started', reason: stop };
    return { code: 'download-failed', cause: 'no outcome was recorded' };
  }
}
