/** The API without Temporal and S3: jobs and ZIPs are plain objects, tokens are made here. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { SignJWT } from 'jose';
import { buildApi } from '../../client/api/app.js';
import type { ApiDeps, ApiSettings, ZipReader } from '../../client/api/ports.js';
import type { JobOrigin, JobState, Jobs, ZipEnding } from '../../client/job.js';
import { Problem } from '../../client/problem.js';
import type { BulkZipResult } from '../../core/zip-contract.js';
import { PROGRESS, fakeJobs } from '../client/fake-world.js';
import type { Answer, Sent } from './send.js';
import { send } from './send.js';

export const NOW_MS = Date.UTC(2025, 9, 19, 14, 30, 22);
export const SECRET = 'a secret of at least thirty-two characters';
export const USER = 'user-1';
export const WORKSPACE = 'c0ffee00-e29b-41d4-a716-446655440000';
export const CLIENT = '550e8400-e29b-41d4-a716-446655440000';
export const IDS: readonly string[] = [0, 1, 2].map((at) => `123e4567-e89b-12d3-a456-42661417400${at}`);
export const URL = `/api/v1/clients/${CLIENT}/attachments/download-multiple`;
export const ZIP = Buffer.from('PK pretend that these are the bytes of a ZIP file');
export const ETAG = '"0123456789abcdef0123456789abcdef-1"';

export const ZIP_RESULT: BulkZipResult = {
  status: 'complete',
  uri: 's3://zips/jobs/1.zip',
  file_name: 'client-files-20251019_143022.zip',
  size_bytes: ZIP.length,
  entries: 3,
  skipped: [],
};

export const DONE: ZipEnding = { kind: 'completed', result: ZIP_RESULT };

/** A failure of the workflow, as client/endings.ts hands it over. */
export const failed = (type: string, reason: string | null = null, message = 'no'): ZipEnding => ({
  kind: 'failed',
  type,
  message,
  reason,
});

export const SETTINGS: ApiSettings = {
  jwtSecret: SECRET,
  jwksUrl: null,
  issuer: null,
  audience: null,
  cookie: null,
  zipMaxFiles: 50,
  zipTtlMs: 3_600_000,
  zipWaitMs: 20_000,
  ratePerMinute: 1000,
  jobsPerUser: 5,
  downloadsPerUser: 8,
  streamsPerUser: 10,
  pace: { windowMs: 60_000, leastBytes: 1 },
  events: { pollMs: 1, heartbeatMs: 60_000 },
};

export const NOW_S = Math.floor(Date.now() / 1000);

/** A token of this user, with other claims where a test wants them; an undefined claim is left out. */
export function token(claims: Readonly<Record<string, unknown>> = {}, secret = SECRET): Promise<string> {
  const all = { sub: USER, workspace_id: WORKSPACE, scope: 'zip restore', exp: NOW_S + 600, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(all)) as Record<string, unknown>)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));
}

export const bearer = async (claims: Readonly<Record<string, unknown>> = {}) => ({
  authorization: `Bearer ${await token(claims)}`,
});

/** One object, in memory. */
export const zipInMemory = (bytes: Buffer | null = ZIP): ZipReader => ({
  head: async () => (bytes === null ? null : { etag: ETAG, sizeBytes: bytes.length }),
  read: async (_uri, _etag, start, end) => Readable.from([(bytes ?? ZIP).subarray(start, end)]),
});

export const state = (changes: Partial<JobState> = {}): JobState => ({
  workflowId: 'zip-1',
  runId: 'run-1',
  type: 'bulkZip',
  status: 'completed',
  startedAtMs: NOW_MS - 60_000,
  endedAtMs: NOW_MS - 30_000,
  origin: { user: USER, workspace: WORKSPACE, requestHash: '' },
  ...changes,
});

export const running = { status: 'running', endedAtMs: null } as const;

/** Jobs that remember what was started, so that ids, owners and repeated requests behave as in Temporal. */
export function zipJobs(ending: ZipEnding | Promise<ZipEnding> = DONE, changes: Partial<Jobs> = {}) {
  const started = new Map<string, JobState>();
  const { jobs: base, calls } = fakeJobs({ kind: 'cancelled', result: null });
  const start = async (type: string, request: unknown, id: string, origin?: JobOrigin, again = false) => {
    calls.push(['start', type, request, id, origin]);
    const { status = 'none' } = started.get(id) ?? {};
    if (status === 'running' || (status === 'completed' && !again))
      throw new Problem('already-running', 'taken');
    started.set(id, state({ workflowId: id, type, ...running, origin: origin ?? null }));
    return { workflowId: id, runId: 'run-1' };
  };
  const jobs: Jobs = {
    ...base,
    startZip: (request, id, origin, again) => start('bulkZip', request, id, origin, again),
    startRestore: (request, id, origin) => start('restore', request, id, origin),
    zipEnding: async (id) => {
      const found = await ending;
      const ended = started.get(id);
      const status = found.kind === 'completed' ? 'completed' : 'failed';
      if (ended) started.set(id, { ...ended, status, endedAtMs: NOW_MS });
      return found;
    },
    state: async (id) => {
      const found = started.get(id);
      if (found === undefined) throw new Problem('not-found', 'There is no such job');
      return found;
    },
    progress: async () => PROGRESS,
    runningIds: async (prefixes) =>
      [...started].flatMap(([id, { status }]) =>
        status === 'running' && prefixes.some((prefix) => id.startsWith(prefix)) ? [id] : [],
      ),
    ...changes,
  };
  return { jobs, calls, started };
}

export type ApiChanges = Partial<Omit<ApiDeps, 'settings'>> & { readonly settings?: Partial<ApiSettings> };

/** The app over these parts. */
export function apiOf({ settings = {}, ...changes }: ApiChanges = {}): FastifyInstance {
  return buildApi({
    jobs: zipJobs().jobs,
    zips: zipInMemory(),
    checks: {},
    nowMs: () => NOW_MS,
    ...changes,
    settings: { ...SETTINGS, ...settings },
  });
}

/** One request for a ZIP, with a good token unless the test says otherwise. */
export async function askZip(app: FastifyInstance, request: Partial<Sent> = {}): Promise<Answer> {
  const headers = { ...(await bearer()), ...request.headers };
  const payload = { attachment_ids: IDS };
  return send(app, { method: 'POST', url: URL, payload, ...request, headers });
}

/** One request to another route. */
export async function ask(
  app: FastifyInstance,
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE',
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return send(app, { method, url, headers: { ...(await bearer()), ...headers } });
}
