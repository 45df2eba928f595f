/** GET and HEAD /jobs/{id}/download: the finished ZIP, as often as it is asked for until it expires. */
import type { FastifyRequest } from 'fastify';
import type { Jobs } from '../job.js';
import { answers } from './answers.js';
import type { ApiContext, ZodApp } from './context.js';
import { jobUrl } from './context.js';
import type { Expiry } from './job-document.js';
import { expiresAt } from './job-document.js';
import type { OwnedJob } from './owned-job.js';
import { ownedJob } from './owned-job.js';
import { problem } from './problems.js';
import { jobParams, rangeHeaders } from './schemas.js';
import { sendZip } from './send-zip.js';
import { problemOfZip } from './zip-ending.js';

/** Registers the route. */
export function addJobDownload(app: ZodApp, context: ApiContext): void {
  const { jobs, settings, nowMs } = context;
  app.route({
    method: ['GET', 'HEAD'],
    url: '/jobs/:id/download',
    schema: {
      summary: 'Download the ZIP of a job',
      params: jobParams,
      headers: rangeHeaders,
      response: answers.file,
    },
    config: { scope: 'zip', produces: ['application/zip'] },
    handler: async (request, reply) => {
      const job = await ownedJob(jobs, request.params.id, request.principal);
      const result = await finishedZip(jobs, job, { ttlMs: settings.zipTtlMs, nowMs: nowMs() });
      noteDownload(request);
      return sendZip(context, result, request, reply, `${jobUrl(request.params.id)}/download`);
    },
  });
}

/** Whoever fetches a ZIP again is in the log: the audit trail has the ZIP itself (docs/decisions/0011). */
function noteDownload({
  id,
  method,
  params,
  principal,
  log,
}: FastifyRequest<{ Params: { id: string } }>): void {
  if (method === 'GET') log.info({ request_id: id, job: params.id, user: principal.user }, 'download');
}

async function finishedZip(jobs: Jobs, { kind, state }: OwnedJob, expiry: Expiry) {
  if (kind !== 'zip') throw problem('no-such-resource');
  if (state.status === 'running') throw problem('job-running', { headers: { 'retry-after': '2' } });
  const ending = await jobs.zipEnding(state.workflowId);
  if (ending.kind !== 'completed') throw problemOfZip(ending);
  if (expiresAt(state, expiry) <= expiry.nowMs) throw problem('gone');
  return ending.result;
}
