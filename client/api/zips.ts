/** POST …/attachments/download-multiple: many attachments of a client as one ZIP (CONTRACT §3). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ZipEnding } from '../job.js';
import { sendAccepted } from './accepted.js';
import { answers } from './answers.js';
import type { Principal } from './auth.js';
import type { ApiContext, ZodApp } from './context.js';
import { jobUrl } from './context.js';
import { expiresAt } from './job-document.js';
import { leavingOf, statusOf } from './leaving.js';
import { parsePrefer, patienceMs } from './prefer.js';
import { HttpProblem, PROBLEMS, problem } from './problems.js';
import { clientParams, downloadBody, startHeaders } from './schemas.js';
import { sendZip } from './send-zip.js';
import type { StartOrder, StartedJob } from './start-job.js';
import { startOnce } from './start-job.js';
import type { Patience, Waited } from './waiting.js';
import { problemOfZip } from './zip-ending.js';

const URL = '/clients/:client_id/attachments/download-multiple';

/** Registers the route. */
export function addZips(app: ZodApp, context: ApiContext): void {
  const { metrics, settings } = context;
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
    const order = zipOrder(context, principal, asked, headers['idempotency-key']);
    const mostMs = patienceMs(parsePrefer(headers.prefer), settings.zipWaitMs);
    return serve(context, order, { request, reply, patience: { mostMs, client } });
  });
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly patience: Patience;
}

/** Of a repeated request the earlier job may be cancelled meanwhile, or its ZIP be gone: then there is a new one, once. */
async function serve(context: ApiContext, order: StartOrder, exchange: Exchange): Promise<FastifyReply> {
  const isServed =
    (await attempt(context, order, exchange)) ||
    (await attempt(context, { ...order, isOver: () => true }, exchange));
  if (!isServed) throw problem('unavailable');
  return exchange.reply;
}

/** False where another attempt may do better. */
async function attempt(context: ApiContext, order: StartOrder, exchange: Exchange): Promise<boolean> {
  const job = await startOnce(context.jobs, context.slots, order);
  const waited = await context.waiting.forEnding(job, watchEnding(context, job), exchange.patience);
  try {
    await answer(context, job, waited, exchange);
    return true;
  } catch (error) {
    if (!isOver(error)) throw error;
    if (job.isNew) throw problem(error.refusal.code === 'gone' ? 'storage' : 'zip');
    return false;
  }
}

/** What GET …/download says of such a job has no place in the table of this route (CONTRACT §3). */
const isOver = (error: unknown): error is HttpProblem =>
  error instanceof HttpProblem && ['gone', 'job-cancelled'].includes(error.refusal.code);

interface AskedZip {
  readonly client_id: string;
  readonly attachment_ids: readonly string[];
}

const zipOrder = (
  { jobs, settings, nowMs }: ApiContext,
  principal: Principal,
  asked: AskedZip,
  key: string | undefined,
): StartOrder => ({
  kind: 'zip',
  principal,
  key,
  asked,
  isOver: (state) => expiresAt(state, { ttlMs: settings.zipTtlMs, nowMs: nowMs() }) <= nowMs(),
  start: (id, origin, again) => {
    const { user: requested_by, workspace: workspace_id } = principal;
    return jobs.startZip({ attachments: { workspace_id, ...asked, requested_by } }, id, origin, again);
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

async function answer(
  context: ApiContext,
  { id }: StartedJob,
  waited: Waited,
  { request, reply }: Exchange,
): Promise<FastifyReply> {
  switch (waited.kind) {
    case 'left':
      // Of an answer that nobody takes, Fastify says nothing.
      context.metrics.answered(PROBLEMS['client-left'].status);
      request.log.info({ request_id: request.id, job: id }, 'the client left');
      throw problem('client-left');
    case 'late':
      return sendAccepted(reply, id);
    case 'completed':
      return sendZip(context, waited.result, request, reply, `${jobUrl(id)}/download`);
    default:
      throw problemOfZip(waited);
  }
}
