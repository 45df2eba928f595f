/** `stowage report`: the texts of a job's reports, for whoever cannot see the worker's disk. */
import type { ReportTexts } from '../core/contract.js';
import { printable } from '../core/report.js';
import type { OutputOptions } from './commands.js';
import { warnWithoutWorker, withJobs } from './commands.js';
import { EXIT } from './exit-code.js';
import type { JobEnding, Jobs } from './job.js';
import { isPreview, resultOf } from './job.js';
import { Problem } from './problem.js';
import { jsonLine } from './render-json.js';
import type { Surroundings } from './surroundings.js';

export const report = (workflowId: string, { json }: OutputOptions, world: Surroundings): Promise<number> =>
  withJobs(world, async (jobs) => {
    const paths = await reportPaths(jobs, workflowId);
    await warnWithoutWorker(jobs, world);
    const texts = await jobs.reportTexts(workflowId, paths);
    if (texts.reports.length === 0)
      throw new Problem('not-found', `${workflowId} left no report: see stowage watch ${workflowId}`);
    world.out(json ? jsonLine({ workflow_id: workflowId, ...texts }) : renderReports(texts));
    return EXIT.ok;
  });

async function reportPaths(jobs: Jobs, workflowId: string): Promise<readonly string[]> {
  const { status, type } = await jobs.state(workflowId);
  if (type !== 'restore')
    throw new Problem('not-found', `${workflowId} is not a restore but a ${type}: it has no report`);
  if (status === 'running')
    throw new Problem(
      'not-found',
      `${workflowId} is still running and writes its report at the end: stowage watch ${workflowId}`,
    );
  const ending = await jobs.ending(workflowId);
  refuseWithoutReport(workflowId, ending);
  const paths = resultOf(ending)?.reports ?? [];
  const texts = paths.filter((path) => path.endsWith('.txt'));
  return texts.length > 0 ? texts : paths;
}

function refuseWithoutReport(workflowId: string, ending: JobEnding): void {
  if (ending.kind === 'completed' && isPreview(ending.result))
    throw new Problem(
      'not-found',
      `${workflowId} was a dry run, which writes no report: stowage watch ${workflowId}`,
    );
  if (ending.kind === 'failed' && ending.type === 'InvalidInput')
    throw new Problem('not-found', `${workflowId} was refused and wrote no report: ${ending.message}`);
}

/** One report as it is; several each below its path. */
export function renderReports({ reports }: ReportTexts): string {
  const pieces = reports.map(({ path, text, truncated }) => {
    const head = reports.length > 1 ? `==> ${printable(path)} <==\n` : '';
    return `${head}${text}${truncated ? `\n… cut here; all of it is in ${printable(path)} on the worker's host\n` : ''}`;
  });
  return pieces.join('\n');
}
