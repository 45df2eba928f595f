/** GET /healthz: the process lives. GET /readyz: so does what it needs; a check that says `false` has failed, too. */
import type { FastifyInstance } from 'fastify';
import { answers } from './answers.js';
import type { ApiDeps } from './ports.js';

const PATIENCE_MS = 5000;

type Checks = ApiDeps['checks'];

/** Registers the routes. */
export function addHealth(app: FastifyInstance, checks: Checks): void {
  const alive = { summary: 'Whether the process lives', response: answers.alive };
  app.get('/healthz', { schema: alive }, async () => ({ status: 'ok' }));
  const ready = { summary: 'Whether Temporal and S3 answer', response: answers.ready };
  app.get('/readyz', { schema: ready }, async (_request, reply) => {
    const results = Object.fromEntries(await Promise.all(Object.entries(checks).map(look)));
    const isReady = Object.values(results).every((result) => result === 'ok');
    if (!isReady) reply.code(503).header('retry-after', '5');
    return { status: isReady ? 'ready' : 'not ready', checks: results };
  });
}

/** Why it failed is for the log of whoever runs it, not for whoever asks. */
async function look([name, check]: readonly [string, () => Promise<unknown>]): Promise<[string, string]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not answer in time`)), PATIENCE_MS);
  });
  try {
    const found = await Promise.race([check(), late]);
    return [name, found === false ? 'failed' : 'ok'];
  } catch {
    return [name, 'failed'];
  } finally {
    clearTimeout(timer);
  }
}
