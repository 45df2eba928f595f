/** The resource /jobs/{id}: whose it is, its state, its ZIP, its reports, its events. */
import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { pino } from 'pino';
import type { JobEnding, JobState, Jobs } from '../../client/job.js';
import { Problem } from '../../client/problem.js';
import { FAILED_RESULT, PREVIEW, PROGRESS, RESULT } from '../client/fake-world.js';
import { until } from '../support/until.js';
import type { ApiChanges } from './api-world.js';
import {
  DONE,
  ETAG,
  NOW_MS,
  USER,
  WORKSPACE,
  ZIP,
  ZIP_RESULT,
  apiOf,
  ask,
  bearer,
  failed,
  running,
  state,
  zipInMemory,
  zipJobs,
} from './api-world.js';
import { begin } from './send.js';

const JOB = '/api/v1/jobs/zip-1';

/** The API with one job in this state. */
function apiWith(job: Partial<JobState>, changes: Partial<Jobs> = {}, parts: ApiChanges = {}) {
  const { jobs, calls } = zipJobs(DONE, {
    state: async (workflowId) => state({ ...job, workflowId }),
    ...changes,
  });
  return { app: apiOf({ jobs, ...parts }), calls };
}

const restore = (ending: JobEnding): readonly [Partial<JobState>, Partial<Jobs>] => [
  { type: 'restore' },
  { ending: async () => ending },
];

describe('whose job it is', () => {
  const ROUTES = [
    ['GET', JOB],
    ['DELETE', JOB],
    ['POST', `${JOB}/pause`],
    ['POST', `${JOB}/resume`],
    ['GET', `${JOB}/events`],
    ['GET', `${JOB}/download`],
    ['GET', `${JOB}/report`],
  ] as const;
  const FOREIGN: readonly (readonly [string, Partial<Jobs>])[] = [
    ['unknown', { state: () => Promise.reject(new Problem('not-found', 'no job at 10.0.0.7')) }],
    ['no id for Temporal', { state: () => Promise.reject(new Problem('usage', 'too long')) }],
    [
      'of another user',
      { state: async () => state({ origin: { user: 'x', workspace: WORKSPACE, requestHash: '' } }) },
    ],
    [
      'of another workspace',
      { state: async () => state({ origin: { user: USER, workspace: 'x', requestHash: '' } }) },
    ],
    ['not started over HTTP', { state: async () => state({ origin: null }) }],
    ['of another kind', { state: async () => state({ type: 'restoreReport' }) }],
  ];

  test.each(ROUTES)(
    '%s %s: what is not mine does not exist, and every 404 is the same',
    async (method, url) => {
      const answers = await Promise.all(
        FOREIGN.map(async ([, changes]) => ask(apiWith({}, changes).app, method, url)),
      );
      expect(answers.map(({ statusCode }) => statusCode)).toEqual(FOREIGN.map(() => 404));
      const same = answers.map(({ body, headers: { date: _date, 'x-request-id': _id, ...headers } }) =>
        JSON.stringify([body, headers]),
      );
      expect(new Set(same).size).toBe(1);
      expect(answers[0]?.json()).toMatchObject({ detail: 'There is no such job' });
    },
  );

  test('mine, but the token may no longer do this → 403', async () => {
    const { app } = apiWith({});
    expect((await ask(app, 'GET', JOB, await bearer({ scope: 'restore' }))).statusCode).toBe(403);
  });
});

describe('GET /jobs/{id}', () => {
  test('running, with its progress', async () => {
    const { app } = apiWith(running);
    expect((await ask(app, 'GET', JOB)).json()).toEqual({
      id: 'zip-1',
      type: 'zip',
      status: 'running',
      started_at: '2025-10-19T14:29:22.000Z',
      ended_at: null,
      progress: PROGRESS,
      result: null,
      error: null,
      download: null,
      expires_at: null,
    });
  });

  test('completed: where the ZIP can be had and until when, not where it lies', async () => {
    const response = await ask(apiWith({}).app, 'GET', JOB);
    expect(response.json()).toMatchObject({
      status: 'completed',
      download: `${JOB}/download`,
      expires_at: '2025-10-19T15:29:52.000Z',
      result: { status: 'complete', size_bytes: ZIP.length, entries: 3 },
    });
    expect(response.body).not.toContain('s3://');
  });

  test('expired: no download', async () => {
    const { app } = apiWith({ endedAtMs: NOW_MS - 3_600_000 });
    expect((await ask(app, 'GET', JOB)).json()).toMatchObject({ status: 'completed', download: null });
  });

  test('failed: the problem that a waiting request would have had', async () => {
    const { app } = apiWith(
      { status: 'failed' },
      { zipEnding: async () => failed('NotFound', null, 'x.pdf') },
    );
    const response = await ask(app, 'GET', JOB);
    expect(response.json()).toMatchObject({ status: 'failed', error: { status: 404, title: 'Not Found' } });
    expect(response.body).not.toContain('x.pdf');
  });

  test.each<readonly [string, JobEnding, object]>([
    ['completed', { kind: 'completed', result: RESULT }, { status: 'completed', result: { files: 7 } }],
    [
      'incomplete',
      { kind: 'incomplete', result: FAILED_RESULT, message: '' },
      { status: 'failed', result: { failed: 1 } },
    ],
    ['cancelled', { kind: 'cancelled', result: null }, { status: 'cancelled', result: null }],
    [
      'refused',
      { kind: 'failed', type: 'InvalidInput', message: 'ids' },
      { status: 'failed', error: { status: 422, detail: 'ids' } },
    ],
    [
      'no Mongo',
      { kind: 'failed', type: 'CatalogueUnavailable', message: 'host' },
      { error: { status: 503 } },
    ],
    ['terminated', { kind: 'terminated', message: '' }, { status: 'failed', error: { status: 500 } }],
  ])('a restore: %s', async (_what, ending, expected) => {
    const { app } = apiWith(...restore(ending));
    expect((await ask(app, 'GET', JOB)).json()).toMatchObject({ type: 'restore', ...expected });
  });
});

describe('cancel, pause, resume', () => {
  test.each([
    ['DELETE', JOB, 'cancel'],
    ['POST', `${JOB}/pause`, 'pause'],
    ['POST', `${JOB}/resume`, 'resume'],
  ] as const)('%s %s', async (method, url, what) => {
    const { app, calls } = apiWith(running);
    const headers = { 'content-type': 'application/json' };
    const response = await ask(app, method, url, headers);
    expect([response.statusCode, response.json()]).toEqual([
      202,
      expect.objectContaining({ requested: what }),
    ]);
    expect(calls).toEqual([[what, 'zip-1']]);
    expect((await ask(apiWith({}).app, method, url)).statusCode).toBe(409);
    const late = { [what]: () => Promise.reject(new Problem('not-found', 'has ended already')) };
    expect((await ask(apiWith(running, late).app, method, url)).statusCode).toBe(409);
  });
});

describe('GET /jobs/{id}/download', () => {
  const url = `${JOB}/download`;
  const size = ZIP.length;

  test.each<readonly [string, Readonly<Record<string, string>>, number, readonly [number, number]]>([
    ['no range', {}, 200, [0, size]],
    ['the first bytes', { range: 'bytes=0-9' }, 206, [0, 10]],
    ['one byte', { range: 'bytes=0-0' }, 206, [0, 1]],
    ['from the middle', { range: 'bytes=10-' }, 206, [10, size]],
    ['the last byte', { range: `bytes=${size - 1}-` }, 206, [size - 1, size]],
    ['the last bytes', { range: 'bytes=-5' }, 206, [size - 5, size]],
    ['more than there is', { range: 'bytes=40-4000' }, 206, [40, size]],
    ['more last bytes than there are', { range: 'bytes=-4000' }, 206, [0, size]],
    ['capital letters and blanks', { range: 'Bytes = 1-2' }, 206, [1, 3]],
    ['several ranges', { range: 'bytes=0-1,4-5' }, 200, [0, size]],
    ['another unit', { range: 'lines=1-2' }, 200, [0, size]],
    ['If-Range with this ETag', { range: 'bytes=0-9', 'if-range': ETAG }, 206, [0, 10]],
    ['If-Range with another ETag', { range: 'bytes=0-9', 'if-range': '"other"' }, 200, [0, size]],
    ['If-Range with a weak ETag', { range: 'bytes=0-9', 'if-range': `W/${ETAG}` }, 200, [0, size]],
    [
      'If-Range with a date',
      { range: 'bytes=0-9', 'if-range': 'Sun, 19 Oct 2025 14:30:22 GMT' },
      200,
      [0, size],
    ],
  ])('%s', async (_what, headers, status, [start, end]) => {
    const response = await ask(apiWith({}).app, 'GET', url, headers);
    expect([response.statusCode, response.rawPayload]).toEqual([status, ZIP.subarray(start, end)]);
    expect(response.headers).toMatchObject({
      etag: ETAG,
      'accept-ranges': 'bytes',
      'content-length': String(end - start),
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="client-files-20251019_143022.zip"',
    });
    expect(response.headers['content-range']).toBe(
      status === 206 ? `bytes ${start}-${end - 1}/${size}` : undefined,
    );
  });

  test.each([`bytes=${size}-`, 'bytes=9-5', 'bytes=-0', 'bytes=-', 'bytes=x-y', 'bytes='])(
    '%s → 416',
    async (range) => {
      const response = await ask(apiWith({}).app, 'GET', url, { range });
      expect([response.statusCode, response.headers['content-range']]).toEqual([416, `bytes */${size}`]);
      expect(response.headers).not.toHaveProperty('etag');
    },
  );

  test('is in the log with its user and its job, HEAD is not', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const { app } = apiWith({}, {}, { log });
    await ask(app, 'HEAD', url);
    expect(lines.join('')).not.toContain('"msg":"download"');
    await ask(app, 'GET', url, { 'x-request-id': 'abc-1' });
    const [line = '{}'] = lines.filter((text) => text.includes('"msg":"download"'));
    expect(JSON.parse(line)).toMatchObject({ user: USER, job: 'zip-1', request_id: 'abc-1' });
  });

  test('HEAD has the same headers, no body, and reads nothing', async () => {
    const zips = { ...zipInMemory(), read: () => Promise.reject(new Error('read')) };
    const response = await ask(apiWith({}, {}, { zips }).app, 'HEAD', url, { range: 'bytes=0-9' });
    expect([response.statusCode, response.body]).toEqual([200, '']);
    expect(response.headers).toMatchObject({ etag: ETAG, 'content-length': String(size) });
  });

  test('expired → 410, removed → 410', async () => {
    const old = apiWith({ endedAtMs: NOW_MS - 3_600_000 }).app;
    const removed = apiWith({}, {}, { zips: zipInMemory(null) }).app;
    for (const app of [old, removed]) expect((await ask(app, 'GET', url)).statusCode).toBe(410);
  });

  test('not ready → 409, failed → its own status, a restore → 404', async () => {
    const early = await ask(apiWith(running).app, 'GET', url);
    expect([early.statusCode, early.headers['retry-after']]).toEqual([409, '2']);
    const broken = apiWith({}, { zipEnding: async () => failed('ZipError') }).app;
    expect((await ask(broken, 'GET', url)).statusCode).toBe(500);
    const other = apiWith(...restore({ kind: 'completed', result: RESULT })).app;
    expect((await ask(other, 'GET', url)).statusCode).toBe(404);
  });
});

describe('GET /jobs/{id}/report', () => {
  const url = `${JOB}/report`;

  test('the texts, as JSON or as they are', async () => {
    const { app } = apiWith(...restore({ kind: 'incomplete', result: FAILED_RESULT, message: '' }));
    const [path = ''] = FAILED_RESULT.reports;
    expect((await ask(app, 'GET', url)).json()).toEqual({
      reports: [{ path, text: `text of ${path}\n`, truncated: false }],
    });
    const plain = await ask(app, 'GET', url, { accept: 'text/plain' });
    expect([plain.headers['content-type'], plain.body]).toEqual([
      'text/plain; charset=utf-8',
      `text of ${path}\n`,
    ]);
  });

  test.each<readonly [string, Partial<JobState>, Partial<Jobs>, number]>([
    ['still running', { type: 'restore', ...running }, {}, 409],
    ['a ZIP', {}, {}, 404],
    ['a dry run', ...restore({ kind: 'completed', result: PREVIEW }), 404],
    ['refused', ...restore({ kind: 'failed', type: 'InvalidInput', message: '' }), 404],
    ['nothing on disk', ...restore({ kind: 'terminated', message: '' }), 404],
    [
      'no worker',
      { type: 'restore' },
      {
        ending: async () => ({ kind: 'completed', result: RESULT }),
        reportTexts: () => Promise.reject(new Problem('no-worker', '')),
      },
      503,
    ],
  ])('%s', async (_what, job, changes, status) => {
    expect((await ask(apiWith(job, changes).app, 'GET', url)).statusCode).toBe(status);
  });
});

describe('GET /jobs/{id}/events', () => {
  const url = `${JOB}/events`;

  test('progress where it changed, then the whole job, then the end', async () => {
    let asked = 0;
    const { app } = apiWith(
      {},
      {
        state: async (workflowId) => state({ workflowId, ...((asked += 1) < 6 ? running : {}) }),
        progress: async () => ({ ...PROGRESS, files_done: asked < 4 ? 1 : 2 }),
      },
    );
    const { headers, body } = await ask(app, 'GET', url, { 'last-event-id': '7' });
    expect(headers['content-type']).toBe('text/event-stream');
    expect([...body.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name)).toEqual([
      'progress',
      'progress',
      'end',
    ]);
    const last = /^id: end\nevent: end\ndata: (.*)$/m.exec(body)?.[1] ?? '';
    expect(JSON.parse(last)).toMatchObject({ status: 'completed', result: { entries: ZIP_RESULT.entries } });
  });

  test('comments where nothing happens', async () => {
    let asked = 0;
    const { app } = apiWith(
      {},
      {
        state: async (workflowId) => state({ workflowId, ...((asked += 1) < 5 ? running : {}) }),
        progress: async () => null,
      },
      { settings: { events: { pollMs: 1, heartbeatMs: 0 } } },
    );
    const { body } = await ask(app, 'GET', url);
    expect(body.match(/^: .+\n$/gm)?.length).toBeGreaterThan(1);
  });

  test('a browser that comes back after the end is told to stay away', async () => {
    expect((await ask(apiWith({}).app, 'GET', url, { 'last-event-id': 'end' })).statusCode).toBe(204);
  });

  test.each(['the client leaves', 'the process stops'])('stops when %s', async (what) => {
    let asked = 0;
    const { app } = apiWith(
      {},
      { state: async (workflowId) => state({ workflowId, ...running, runId: String((asked += 1)) }) },
    );
    const request = await begin(app, { method: 'GET', url, headers: await bearer() });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => {}).resume();
    await until('some polls', () => asked > 3);
    if (what === 'the client leaves') request.destroy();
    else await app.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const after = asked;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asked).toBe(after);
  });
});
