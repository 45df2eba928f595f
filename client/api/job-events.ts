/** GET /jobs/{id}/events: server-sent events, `progress` while something changes and `end` with the whole job. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgressAnswer } from '../../core/contract.js';
import { answers } from './answers.js';
import type { ApiContext, ZodApp } from './context.js';
import { jobDocument } from './job-document.js';
import { endOf } from './leaving.js';
import type { OwnedJob } from './owned-job.js';
import { ownedJob } from './owned-job.js';
import { eventHeaders, jobParams } from './schemas.js';

/** A browser that comes back with this id has seen all there is: 204 tells it to stay away. */
const LAST_ID = 'end';
const MIME = 'text/event-stream';

/** Registers the route. */
export function addJobEvents(app: ZodApp, context: ApiContext): void {
  const schema = {
    summary: 'Follow a job',
    params: jobParams,
    headers: eventHeaders,
    response: answers.events,
  };
  app.get('/jobs/:id/events', { schema, config: { produces: [MIME] } }, async (request, reply) => {
    const { params, principal, headers } = request;
    const job = await ownedJob(context.jobs, params.id, principal);
    if (headers['last-event-id'] === LAST_ID) return reply.code(204).send();
    context.streams.take(principal, reply);
    const stop = endOf(reply, context.closing);
    return reply
      .type(MIME)
      .header('x-accel-buffering', 'no')
      .send(Readable.from(events(context, job, stop)));
  });
}

/** Each event is the whole state, so that none is missed by whoever comes late. */
async function* events(context: ApiContext, job: OwnedJob, stop: AbortSignal): AsyncGenerator<string> {
  const { jobs, settings, nowMs } = context;
  const news = onlyNews(settings.events.heartbeatMs, nowMs);
  for (let at = 1; !stop.aborted; at += 1) {
    const state = await jobs.state(job.state.workflowId);
    if (state.status !== 'running') {
      const expiry = { ttlMs: settings.zipTtlMs, nowMs: nowMs() };
      return yield eventText('end', LAST_ID, await jobDocument(jobs, { kind: job.kind, state }, expiry));
    }
    const text = news(at, await jobs.progress(state.workflowId));
    if (text !== null) yield text;
    await pause(settings.events.pollMs, stop);
  }
}

/** What has changed; a comment now and then where nothing has, so that proxies keep the connection; else null. */
function onlyNews(heartbeatMs: number, nowMs: () => number) {
  let last: string | null = null;
  let spokeAtMs = 0;
  return (at: number, progress: ProgressAnswer | null): string | null => {
    const found = JSON.stringify(progress);
    const isNew = progress !== null && found !== last;
    if (!isNew && nowMs() - spokeAtMs < heartbeatMs) return null;
    [last, spokeAtMs] = [found, nowMs()];
    return isNew ? eventText('progress', String(at), progress) : ': still here\n\n';
  };
}

const eventText = (name: string, id: string, data: unknown): string =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

const pause = (ms: number, signal: AbortSignal): Promise<unknown> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);
