/** POST …/attachments/download-multiple: many attachments of a client as one ZIP (CONTRACT §3). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ZipEnding } from '../job.js';
import { answers } from './answers.js';
import type { Principal } from './auth.js';
import type { ApiContext, ZodApp } from './context.js';
import { jobUrl } from './context.js';
import { leavingOf, statusOf } from './leaving.js';
import { parsePrefer, patienceMs } from './prefer.js';
import { PROBLEMS, problem } from './problems.js';
import { clientParams, downloadBody, startHeaders } from './schemas.js';
import { sendZip } from './send-zip.js';
import type { StartOrder, StartedJob } from './start-job.js';
import { startOnce } from './start-job.js';
import { problemOfZip } from './zip-ending.js';

const URL = '/clients/:client_id/attachments/download-multiple';

/** Registers the route. */
export function addZips(app: ZodApp, context: ApiContext): void {
  const { jobs, slots, metrics, settings, waiting } = context;
  const schema = {
    summary: 'Download attachments of a client as one ZIP',
    params: clientParams,
    headers: startHeaders,
    body: downloadBody(settings.zipMaxFiles),
    response: answers.download,
  };
  const config = { scope: 'zip', produces: ['application/zip', 'application/json'] } as const;
  const count = async (_request: FastifyRequest, reply: FastifyReply) => metrics.answered(statusOf(reply));
  app.post(URL, { schema, config, onResponse: count }, async (request, reply) => {
    const { params, body, headers, principal } = request;
    const client = leavingOf(reply);
    metrics.filesAsked(body.attachment_ids.length);
    const asked = { client_id: params.client_id, attachment_ids: body.attachment_ids };
    const job = await startOnce(jobs, slots, zipOrder(context, principal, asked, headers['idempotency-key']));
    const mostMs = patienceMs(parsePrefer(headers.prefer), settings.zipWaitMs);
    const waited = await waiting.forEnding(job, watchEnding(context, job), { mostMs, client });
    return answer(context, job, waited, request, reply);
  });
}

interface AskedZip {
  readonly client_id: string;
  readonly attachment_ids: readonly string[];
}

const zipOrder = (
  { jobs }: ApiContext,
  principal: Principal,
  asked: AskedZip,
  key: string | undefined,
): StartOrder => ({
  kind: 'zip',
  principal,
  key,
  asked,
  start: (id, origin) => {
    const { user: requested_by, workspace: workspace_id } = principal;
    return jobs.startZip({ attachments: { workspace_id, ...asked, requested_by } }, id, origin);
  },
});

/** Also when nobody waits any more, the ending is counted and the user's place given back. */
function watchEnding(
  { jobs, slots, metrics, nowMs }: ApiContext,
  { id, isNew }: StartedJob,
): Promise<ZipEnding> {
  const startedAtMs = nowMs();
  const ending = jobs.zipEnding(id);
  const note = (found: ZipEnding): void => {
    slots.release(id);
    if (isNew) metrics.ended(found, nowMs() - startedAtMs);
  };
  ending.then(note, () => undefined);
  return ending;
}

type Waited = Awaited<ReturnType<ApiContext['waiting']['forEnding']>>;

async function answer(
  { zips, metrics }: ApiContext,
  { id }: StartedJob,
  waited: Waited,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  switch (waited.kind) {
    case 'left':
      // Of an answer that nobody takes, Fastify says nothing.
      metrics.answered(PROBLEMS['client-left'].status);
      request.log.info({ request_id: request.id, job: id }, 'the client left');
      throw problem('client-left');
    case 'late':
      return accept(reply, id);
    case 'completed':
      return sendZip(zips, waited.result, request, reply, `${jobUrl(id)}/download`);
    default:
      throw problemOfZip(waited);
  }
}

const RETRY_AFTER_S = 2;

/** 202: the job goes on, and this is where it can be looked at. */
export const accept = (reply: FastifyReply, id: string): FastifyReply =>
  reply
    .code(202)
    .headers({ location: jobUrl(id), 'retry-after': RETRY_AFTER_S })
    .send({ id, status: 'running', requested: 'start' });
