/** The resource /jobs/{id}: state, cancel, pause, resume. */
import type { Jobs } from '../job.js';
import { Problem } from '../problem.js';
import { answers } from './answers.js';
import type { ApiContext, ZodApp } from './context.js';
import { jobDocument } from './job-document.js';
import type { OwnedJob } from './owned-job.js';
import { ownedJob } from './owned-job.js';
import { problem } from './problems.js';
import { jobParams } from './schemas.js';

const JSON_ONLY = { produces: ['application/json'] } as const;

/** Registers the routes. */
export function addJobs(app: ZodApp, { jobs, settings, nowMs }: ApiContext): void {
  const schema = { summary: 'Look at a job', params: jobParams, response: answers.job };
  app.get('/jobs/:id', { schema, config: JSON_ONLY }, async ({ params, principal }) => {
    const job = await ownedJob(jobs, params.id, principal);
    return jobDocument(jobs, job, { ttlMs: settings.zipTtlMs, nowMs: nowMs() });
  });
  for (const [what, { method, url, summary }] of Object.entries(REQUESTS))
    app.route({
      method,
      url,
      schema: { summary, params: jobParams, response: answers.asked },
      config: JSON_ONLY,
      handler: async ({ params, principal }, reply) => {
        const job = await ownedJob(jobs, params.id, principal);
        await ask(jobs, what as keyof typeof REQUESTS, job);
        return reply.code(202).send({ id: params.id, status: 'running', requested: what });
      },
    });
}

const REQUESTS = {
  cancel: { method: 'DELETE', url: '/jobs/:id', summary: 'Cancel a job' },
  pause: { method: 'POST', url: '/jobs/:id/pause', summary: 'Begin no further files' },
  resume: { method: 'POST', url: '/jobs/:id/resume', summary: 'Go on after a pause' },
} as const;

async function ask(jobs: Jobs, what: keyof typeof REQUESTS, { state }: OwnedJob): Promise<void> {
  if (state.status !== 'running') throw problem('job-ended');
  try {
    await jobs[what](state.workflowId);
  } catch (error) {
    // It ended in between.
    throw error instanceof Problem && error.kind === 'not-found' ? problem('job-ended') : error;
  }
}
