/** POST /restores: starts a restore (CONTRACT §1) and does not wait for it. */
import type { JobOrigin } from '../job.js';
import { Problem } from '../problem.js';
import { restoreRequest } from '../restore-request.js';
import type { RestoreRequest } from '../job.js';
import { sendAccepted } from './accepted.js';
import { answers } from './answers.js';
import type { ApiContext, ZodApp } from './context.js';
import { problem } from './problems.js';
import { restoreBody, startHeaders } from './schemas.js';
import { startOnce } from './start-job.js';
import { splitIds } from '../../core/input.js';

/** Registers the route. */
export function addRestores(app: ZodApp, { jobs, slots }: ApiContext): void {
  const schema = {
    summary: 'Restore raw files from S3',
    headers: startHeaders,
    body: restoreBody,
    response: answers.started,
  };
  const config = { scope: 'restore', produces: ['application/json'] } as const;
  app.post('/restores', { schema, config }, async ({ body, headers, principal }, reply) => {
    const asked = requestOf(body);
    const start = (id: string, origin: JobOrigin) => jobs.startRestore(asked, id, origin);
    const key = headers['idempotency-key'];
    const order = { kind: 'restore', principal, key, asked, isOver: () => false, start } as const;
    const { id } = await startOnce(jobs, slots, order);
    return sendAccepted(reply, id);
  });
}

interface RestoreBody {
  readonly raw_file_ids: string | readonly string[];
  readonly files?: readonly string[] | undefined;
  readonly dry_run?: boolean | undefined;
  readonly verify_only?: boolean | undefined;
}

/** The same checks as on the command line: too few characters, too many ids. */
function requestOf({
  raw_file_ids,
  files = [],
  dry_run = false,
  verify_only = false,
}: RestoreBody): RestoreRequest {
  try {
    return restoreRequest(splitIds(raw_file_ids), { files, dryRun: dry_run, verifyOnly: verify_only });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw problem('invalid', { errors: [{ in: 'body', pointer: '#/raw_file_ids', detail: error.message }] });
  }
}
