/** POST …/download-multiple: the seed's fifteen tests, as far as HTTP goes, and every row of the table in CONTRACT §3. */
import { describe, expect, test } from '@jest/globals';
import type { ZipEnding } from '../../client/job.js';
import { pino } from 'pino';
import { Problem } from '../../client/problem.js';
import { until } from '../support/until.js';
import {
  CLIENT,
  DONE,
  ETAG,
  IDS,
  URL,
  USER,
  WORKSPACE,
  ZIP,
  apiOf,
  askZip,
  bearer,
  failed,
  zipInMemory,
  zipJobs,
} from './api-world.js';
import { send } from './send.js';

const NOT_FOUND = 'One or more attachments not found or do not belong to this client';
const never = new Promise<ZipEnding>(() => {});

const answerTo = async (ending: ZipEnding, request = {}) =>
  askZip(apiOf({ jobs: zipJobs(ending).jobs }), request);

describe('happy path', () => {
  test('bulk download of 3 files: the ZIP with its exact length and its name', async () => {
    const { jobs, calls } = zipJobs();
    const { statusCode, headers, rawPayload } = await askZip(apiOf({ jobs }));
    expect([statusCode, rawPayload]).toEqual([200, ZIP]);
    expect(headers).toMatchObject({
      'content-type': 'application/zip',
      'content-length': String(ZIP.length),
      'content-disposition': 'attachment; filename="client-files-20251019_143022.zip"',
      etag: ETAG,
      'content-location': expect.stringMatching(/^\/api\/v1\/jobs\/zip-[^/]+\/download$/),
      'cache-control': 'no-store, private',
      'x-content-type-options': 'nosniff',
    });
    expect(calls[0]).toEqual([
      'start',
      'bulkZip',
      {
        attachments: {
          workspace_id: WORKSPACE,
          client_id: CLIENT,
          attachment_ids: IDS,
          requested_by: USER,
        },
      },
      expect.stringMatching(/^zip-[0-9a-f]{16}-[0-9a-f]{32}$/),
      { user: USER, workspace: WORKSPACE, requestHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  test('ids count once, in any case, in the order of the request', async () => {
    const { jobs, calls } = zipJobs();
    const [a = '', b = ''] = IDS;
    const url = URL.replace(CLIENT, CLIENT.toUpperCase());
    const response = await send(apiOf({ jobs }), {
      method: 'POST',
      url,
      payload: { attachment_ids: [b.toUpperCase(), a, b] },
      headers: await bearer(),
    });
    expect(response.statusCode).toBe(200);
    expect(calls[0]?.[2]).toMatchObject({ attachments: { client_id: CLIENT, attachment_ids: [b, a] } });
  });

  test('the length is that of the bytes, even where the answer is empty of entries', async () => {
    const bytes = Buffer.alloc(22);
    const { headers, rawPayload } = await askZip(apiOf({ zips: zipInMemory(bytes) }));
    expect([headers['content-length'], rawPayload.length]).toEqual(['22', 22]);
  });
});

describe('validation', () => {
  const some = (count: number) =>
    Array.from({ length: count }, (_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`);

  test.each<readonly [string, unknown, readonly string[]]>([
    ['empty attachment_ids list', { attachment_ids: [] }, ['#/attachment_ids']],
    ['more than 50 files', { attachment_ids: some(51) }, ['#/attachment_ids']],
    ['a malformed UUID', { attachment_ids: [IDS[0], 'x', 7] }, ['#/attachment_ids/1', '#/attachment_ids/2']],
    ['no list at all', {}, ['#/attachment_ids']],
    ['null', { attachment_ids: null }, ['#/attachment_ids']],
    ['an unknown property', { attachment_ids: IDS, 'a/b': 1 }, ['#/a~1b']],
    ['a list', [], ['#']],
  ])('%s → 422, with a pointer to it', async (_what, payload, pointers) => {
    const { jobs, calls } = zipJobs();
    const response = await askZip(apiOf({ jobs }), { payload: payload as object });
    expect(response.statusCode).toBe(422);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    const { errors } = response.json<{ errors: { in: string; pointer: string; detail: string }[] }>();
    expect(errors.map(({ pointer }) => pointer)).toEqual(pointers);
    for (const { detail } of errors) expect(detail).not.toBe('');
    expect(calls).toEqual([]);
  });

  test('50 files pass, and so do 60 ids of which 50 are different', async () => {
    for (const ids of [some(50), [...some(50), ...some(10)]])
      expect((await askZip(apiOf(), { payload: { attachment_ids: ids } })).statusCode).toBe(200);
  });

  test('a malformed client id → 422, and no body at all', async () => {
    const app = apiOf();
    const headers = await bearer();
    const [path, none] = await Promise.all([
      send(app, {
        method: 'POST',
        url: URL.replace(CLIENT, 'x'),
        payload: { attachment_ids: IDS },
        headers,
      }),
      send(app, { method: 'POST', url: URL, headers }),
    ]);
    expect(path.statusCode).toBe(422);
    expect(path.json()).toMatchObject({ errors: [{ in: 'path', pointer: '#/client_id' }] });
    expect(none.statusCode).toBe(422);
  });

  test('non-existent attachment ID → 404', async () => {
    expect((await answerTo(failed('NotFound'))).json()).toMatchObject({ status: 404, detail: NOT_FOUND });
  });

  test('total size > 100 MB → 413 with the sizes', async () => {
    const detail =
      'Total file size exceeds 100 MB limit. Selected files total 110.5 MB. Please select fewer files.';
    const sizes = { limit_bytes: 104_857_600, actual_bytes: 115_867_648 };
    const response = await answerTo({ ...failed('TooLarge', null, detail), sizes } as ZipEnding);
    expect([response.statusCode, response.json()]).toEqual([
      413,
      expect.objectContaining({ detail, ...sizes }),
    ]);
  });
});

describe('security', () => {
  test('requires authentication → 401', async () => {
    const { jobs, calls } = zipJobs();
    const response = await send(apiOf({ jobs }), {
      method: 'POST',
      url: URL,
      payload: { attachment_ids: IDS },
    });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="stowage"');
    expect(response.json()).toMatchObject({ detail: 'Authentication required' });
    expect(calls).toEqual([]);
  });

  test('attachment from a different client, from a different workspace, soft-deleted, non-existent client → the same 404, byte for byte', async () => {
    const reasons = ['client', 'workspace', 'deleted', 'no client', 'unknown'];
    const bodies = await Promise.all(
      reasons.map(async (reason) => (await answerTo(failed('NotFound', null, reason))).body),
    );
    expect(new Set(bodies).size).toBe(1);
    expect(JSON.parse(bodies[0] ?? '')).toEqual({
      type: 'urn:stowage:problem:attachments-not-found',
      title: 'Not Found',
      status: 404,
      detail: NOT_FOUND,
    });
  });

  test('the token’s workspace is not active → 403', async () => {
    const response = await answerTo(failed('NotFound', 'workspace-inactive'));
    expect([response.statusCode, response.json()]).toEqual([
      403,
      expect.objectContaining({ detail: 'Workspace access denied' }),
    ]);
  });

  test('what the workflow says in its failure stays inside', async () => {
    for (const type of ['NotFound', 'StorageError', 'ZipError', 'InvalidInput', 'Error']) {
      const { body } = await answerTo(failed(type, null, 'Canary Müller.pdf'));
      expect(body).not.toContain('Canary');
    }
  });
});

describe('failures', () => {
  test.each<readonly [string, ZipEnding, number, string]>([
    ['storage', failed('StorageError'), 500, 'Failed to download file from storage'],
    ['a worker that refuses what the API let pass', failed('InvalidInput'), 500, 'Failed to create ZIP file'],
    ['a worker without a setting', failed('ZipError', 'misconfigured'), 500, 'Failed to create ZIP file'],
    ['the ZIP', failed('ZipError'), 500, 'Failed to create ZIP file'],
    ['something unknown', failed('Surprise'), 500, 'Failed to create ZIP file'],
    ['a termination', { kind: 'terminated', message: 'by hand' }, 500, 'Failed to create ZIP file'],
    ["Temporal's time limit", { kind: 'timed_out', message: '' }, 500, 'Failed to create ZIP file'],
    ['a cancel by somebody else', { kind: 'cancelled' }, 500, 'Failed to create ZIP file'],
  ])('%s', async (_what, ending, status, detail) => {
    const response = await answerTo(ending);
    expect([response.statusCode, response.json()]).toEqual([
      status,
      expect.objectContaining({ status, detail, instance: response.headers['x-request-id'] }),
    ]);
  });

  test.each<readonly [string, ZipEnding]>([
    ['S3 is away', failed('StorageError', 'unavailable')],
    ['the audit log is away', failed('StorageError', 'audit-unavailable')],
    ['Mongo is away', failed('StorageError', 'unavailable')],
  ])('%s → 503 with Retry-After', async (_what, ending) => {
    const { statusCode, headers } = await answerTo(ending);
    expect([statusCode, headers['retry-after']]).toEqual([503, '5']);
  });

  test.each([
    [
      failed('ZipError', 'misconfigured', 'STOWAGE_ZIP_BUCKET is not set on the worker'),
      'STOWAGE_ZIP_BUCKET',
    ],
    [failed('InvalidInput', null, 'attachments.x: expected less'), 'ZIP_MAX_FILES'],
  ])('what operators have to mend is in the log, not in the answer', async (ending, cause) => {
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const { body } = await askZip(apiOf({ log, jobs: zipJobs(ending).jobs }));
    expect([body.includes(cause), lines.join('').includes(cause)]).toEqual([false, true]);
  });

  test('Temporal is away → 503 with Retry-After, and no address of it', async () => {
    const away = new Problem('unreachable', 'Temporal does not answer at 10.0.0.7:7233');
    const { jobs } = zipJobs(DONE, { startZip: () => Promise.reject(away) });
    const response = await askZip(apiOf({ jobs }));
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '5']);
    expect(response.body).not.toContain('10.0.0.7');
  });

  test('the finished object cannot be read → 500, it is away → 503', async () => {
    const answers = await Promise.all(
      (['denied', 'unreachable'] as const).map((kind) =>
        askZip(apiOf({ zips: { ...zipInMemory(), read: () => Promise.reject(new Problem(kind, '')) } })),
      ),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([500, 503]);
    expect(answers[0]?.json()).toMatchObject({ detail: 'Failed to download file from storage' });
    expect(answers[0]?.headers).not.toHaveProperty('content-disposition');
  });
});

describe('202', () => {
  const asked = async (headers: Readonly<Record<string, string>>, zipWaitMs = 20_000) => {
    const { jobs, calls } = zipJobs(never);
    const response = await askZip(apiOf({ jobs, settings: { zipWaitMs } }), { headers });
    return { ...response, json: response.json<Record<string, unknown>>(), calls };
  };

  test.each([
    ['asked with Prefer: respond-async', { prefer: 'respond-async' }],
    ['among other preferences', { prefer: 'handling=lenient, respond-async; wait=0' }],
    ['after the wait that was asked for', { prefer: 'wait=0' }],
  ])('%s', async (_what, headers) => {
    const { statusCode, headers: found, json, calls } = await asked(headers);
    expect(statusCode).toBe(202);
    expect(found['location']).toBe(`/api/v1/jobs/${String(json['id'])}`);
    expect(Number(found['retry-after'])).toBeGreaterThan(0);
    expect(calls.map(([what]) => what)).toEqual(['start']);
  });

  test('a request that takes longer than the limit becomes one', async () => {
    const { statusCode, headers } = await asked({}, 30);
    expect([statusCode, headers['location']]).toEqual([202, expect.stringMatching(/^\/api\/v1\/jobs\/zip-/)]);
  });

  test('a process that stops answers with it', async () => {
    const { jobs, calls } = zipJobs(never);
    const app = apiOf({ jobs });
    const pending = askZip(app);
    await until('the job is started', () => calls.length > 0);
    await app.close();
    expect((await pending).statusCode).toBe(202);
  });
});

describe('limits', () => {
  test('too many jobs of one user → 429 with Retry-After; other users have their own', async () => {
    const { jobs } = zipJobs(never);
    const app = apiOf({ jobs, settings: { jobsPerUser: 2 } });
    const headers = { prefer: 'respond-async' };
    const codes = [];
    for (let at = 0; at < 3; at += 1) codes.push(await askZip(app, { headers }));
    expect(codes.map(({ statusCode }) => statusCode)).toEqual([202, 202, 429]);
    expect(codes[2]?.headers['retry-after']).toBe('5');
    const other = await askZip(app, { headers: { ...headers, ...(await bearer({ sub: 'user-2' })) } });
    expect(other.statusCode).toBe(202);
  });

  test('many at once do not slip through', async () => {
    const { jobs } = zipJobs(never, { runningIds: async () => [] });
    const app = apiOf({ jobs, settings: { jobsPerUser: 2 } });
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => askZip(app, { headers: { prefer: 'respond-async' } })),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 202).length).toBeLessThanOrEqual(2);
  });

  test('jobs that have ended make room', async () => {
    const app = apiOf({ settings: { jobsPerUser: 1 } });
    for (let at = 0; at < 3; at += 1) expect((await askZip(app)).statusCode).toBe(200);
  });

  test('too many requests of one user → 429 with Retry-After', async () => {
    const app = apiOf({ settings: { ratePerMinute: 2 } });
    const answers = [await askZip(app), await askZip(app), await askZip(app)];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429]);
    expect(Number(answers[2]?.headers['retry-after'])).toBeGreaterThan(0);
    expect(answers[2]?.json()).toMatchObject({ title: 'Too Many Requests' });
  });
});
