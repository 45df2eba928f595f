/** GET /jobs/{id}/report: the texts of a restore's reports. */
import type { ReportTexts } from '../../core/contract.js';
import type { Jobs } from '../job.js';
import { isPreview, resultOf } from '../job.js';
import { renderReports } from '../report-command.js';
import { accepts } from './accept.js';
import { answers } from './answers.js';
import type { ApiContext, ZodApp } from './context.js';
import type { OwnedJob } from './owned-job.js';
import { ownedJob } from './owned-job.js';
import { problem } from './problems.js';
import { jobParams } from './schemas.js';

/** Registers the route. */
export function addJobReport(app: ZodApp, { jobs }: ApiContext): void {
  const schema = { summary: 'Read the reports of a restore', params: jobParams, response: answers.reports };
  const config = { produces: ['application/json', 'text/plain'] } as const;
  app.get('/jobs/:id/report', { schema, config }, async ({ params, principal, headers }, reply) => {
    const texts = await reportTexts(jobs, await ownedJob(jobs, params.id, principal));
    if (accepts(headers.accept, 'application/json')) return texts;
    return reply.type('text/plain; charset=utf-8').serializer(String).send(renderReports(texts));
  });
}

async function reportTexts(jobs: Jobs, { kind, state }: OwnedJob): Promise<ReportTexts> {
  if (kind !== 'restore') throw problem('no-report');
  if (state.status === 'running') throw problem('job-running', { headers: { 'retry-after': '5' } });
  const id = state.workflowId;
  const ending = await jobs.ending(id);
  if (ending.kind === 'completed' && isPreview(ending.result)) throw problem('no-report');
  if (ending.kind === 'failed' && ending.type === 'InvalidInput') throw problem('no-report');
  const paths = resultOf(ending)?.reports ?? [];
  const plain = paths.filter((path) => path.endsWith('.txt'));
  // Without paths the worker writes them now: the job was terminated before it could.
  const texts = await jobs.reportTexts(id, plain.length > 0 ? plain : paths);
  if (texts.reports.length === 0) throw problem('no-report');
  return texts;
}
