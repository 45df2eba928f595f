/** What every route has in common, and the routes that need no token. */
import { describe, expect, test } from '@jest/globals';
import { accepts } from '../../client/api/accept.js';
import { Problem } from '../../client/problem.js';
import { IDS, URL, apiOf, ask, askZip, bearer, failed, token, zipJobs } from './api-world.js';
import { send, sendText } from './send.js';

describe('requests that cannot be read', () => {
  test.each<readonly [string, string, Readonly<Record<string, string>>, number]>([
    ['broken JSON', '{"attachment_ids": [', {}, 400],
    ['JSON that poisons prototypes', '{"__proto__": {"x": 1}}', {}, 400],
    ['another type', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['plain text', '{}', { 'content-type': 'text/plain' }, 415],
    ['no body that this is', '', {}, 422],
    ['more than 64 KB', JSON.stringify({ attachment_ids: ['x'.repeat(65_536)] }), {}, 413],
  ])('%s', async (_what, payload, headers, status) => {
    const response = await askZip(apiOf(), { payload, headers });
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.json()).toMatchObject({ status, instance: response.headers['x-request-id'] });
  });

  test.each([
    ['GET', URL, 'POST'],
    ['POST', '/api/v1/jobs/x/download', 'GET, HEAD'],
    ['PUT', '/api/v1/jobs/x', 'GET, DELETE'],
    ['POST', '/healthz', 'GET'],
  ])('%s %s → 405, Allow: %s', async (method, url, allow) => {
    const { statusCode, headers } = await send(apiOf(), { method, url, headers: await bearer() });
    expect([statusCode, headers.allow]).toEqual([405, allow]);
  });

  test.each([
    ['POST', '/api/v1/jobs/x', '{', {}],
    ['POST', '/healthz', undefined, { 'content-type': 'text/plain' }],
    ['QUERY', '/api/v1/jobs/x/report', undefined, {}],
  ])('a wrong method is one whatever comes with it: %s %s → 405', async (method, url, payload, headers) => {
    expect((await send(apiOf(), { method, url, payload, headers })).statusCode).toBe(405);
  });

  test('an unknown address → 404, a broken one → 400', async () => {
    const app = apiOf();
    const codes = ['/nothing', '/api/v1/nothing', '/%zz'].map((url) => ask(app, 'GET', url));
    expect((await Promise.all(codes)).map(({ statusCode }) => statusCode)).toEqual([404, 404, 400]);
  });

  test.each<readonly [string, string, number]>([
    ['an address that cannot be decoded', 'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['an id of any length', `GET /api/v1/jobs/${'x'.repeat(200)} HTTP/1.1\r\nHost: x\r\n\r\n`, 400],
    ['headers beyond 16 KB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a method that HTTP does not know', 'FETCH / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['an address that is no ASCII', 'GET /\u00e9 HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['no HTTP at all', 'EHLO example.org\r\n\r\n', 400],
  ])('%s is refused like everything else, with an id', async (_what, text, status) => {
    const { head, body } = await sendText(apiOf(), text);
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toMatch(/^content-type: application\/problem\+json/m);
    expect(head).toMatch(/^x-content-type-options: nosniff/m);
    const problem = JSON.parse(body) as { readonly status: number; readonly instance: string };
    expect([problem.status, head.includes(`x-request-id: ${problem.instance}`)]).toEqual([status, true]);
  });

  test('Accept that nothing here can meet → 406', async () => {
    expect((await askZip(apiOf(), { headers: { accept: 'text/html' } })).statusCode).toBe(406);
    const usual = 'application/json, text/plain, */*';
    expect((await askZip(apiOf(), { headers: { accept: usual } })).statusCode).toBe(200);
  });

  test.each([
    [undefined, true],
    ['', true],
    ['*/*', true],
    ['application/*', true],
    ['application/zip;q=0.5', true],
    ['application/zip;q=0, */*', false],
    ['application/json', false],
    ['*/*;q=0', false],
  ])('Accept: %s', (header, expected) => {
    expect(accepts(header, 'application/zip')).toBe(expected);
  });
});

describe('every answer', () => {
  test('has an id: the caller’s where it is harmless, else a new one', async () => {
    const app = apiOf();
    const ids = ['abc-1', 'evil"\\n', 'x'.repeat(200)].map(async (id) => {
      const { headers } = await ask(app, 'GET', '/healthz', { 'x-request-id': id });
      return headers['x-request-id'];
    });
    expect(await Promise.all(ids)).toEqual([
      'abc-1',
      expect.stringMatching(/^[0-9a-f-]{36}$/),
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
  });

  test('keeps browsers careful', async () => {
    for (const url of ['/docs', '/healthz', '/api/v1/jobs/x', '/nothing'])
      expect((await ask(apiOf(), 'GET', url)).headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining("default-src 'self'"),
        'cache-control': 'no-store, private',
      });
  });

  test('something unforeseen → 500 without a word of it', async () => {
    const { jobs } = zipJobs(undefined, { startZip: () => Promise.reject(new Error('secret: 10.0.0.7')) });
    const { statusCode, body } = await askZip(apiOf({ jobs }));
    expect([statusCode, body.includes('secret')]).toEqual([500, false]);
  });
});

describe('POST /restores', () => {
  const start = async (payload: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const { jobs, calls } = zipJobs();
    const all = { ...(await bearer()), ...headers };
    const answer = await send(apiOf({ jobs }), {
      method: 'POST',
      url: '/api/v1/restores',
      payload,
      headers: all,
    });
    return { answer, calls };
  };

  test.each<readonly [string, unknown, object]>([
    ['a list', { raw_file_ids: ['a1', 'b2'] }, { raw_file_ids: ['a1', 'b2'] }],
    ['a text', { raw_file_ids: 'abc, def', dry_run: true }, { raw_file_ids: ['abc', 'def'], dry_run: true }],
    ['a bare JSON text', '"abc,def"', { raw_file_ids: ['abc', 'def'] }],
    [
      'globs',
      { raw_file_ids: 'abc', files: ['*.raw'], verify_only: true },
      { raw_file_ids: ['abc'], files: ['*.raw'], verify_only: true },
    ],
  ])('%s → 202 with Location', async (_what, payload, request) => {
    const { answer, calls } = await start(payload);
    expect([answer.statusCode, answer.headers.location]).toEqual([
      202,
      expect.stringMatching(/^\/api\/v1\/jobs\/restore-[0-9a-f]{16}-[0-9a-f]{32}$/),
    ]);
    expect(calls[0]?.slice(0, 3)).toEqual(['start', 'restore', request]);
  });

  test.each<readonly [string, unknown, string]>([
    ['nothing', {}, '#/raw_file_ids'],
    ['too few characters', { raw_file_ids: 'a' }, '#/raw_file_ids'],
    ['an unknown property', { raw_file_ids: 'abc', force: true }, '#/force'],
    ['a wrong type', { raw_file_ids: 'abc', dry_run: 'yes' }, '#/dry_run'],
  ])('%s → 422', async (_what, payload, pointer) => {
    const { answer, calls } = await start(payload);
    expect([answer.statusCode, answer.json()]).toEqual([
      422,
      expect.objectContaining({ errors: [expect.objectContaining({ pointer })] }),
    ]);
    expect(calls).toEqual([]);
  });

  test('wants its own scope', async () => {
    const { answer } = await start({ raw_file_ids: 'abc' }, await bearer({ scope: 'zip' }));
    expect(answer.statusCode).toBe(403);
  });
});

describe('without a token', () => {
  test('/healthz lives whatever is broken; /readyz says what does not answer, not why', async () => {
    const checks = {
      temporal: async () => true,
      s3: () => Promise.reject(new Problem('unreachable', '10.0.0.7')),
    };
    const app = apiOf({ checks });
    expect((await send(app, { method: 'GET', url: '/healthz' })).statusCode).toBe(200);
    const ready = await send(app, { method: 'GET', url: '/readyz' });
    expect([ready.statusCode, ready.json()]).toEqual([
      503,
      { status: 'not ready', checks: { temporal: 'ok', s3: 'failed' } },
    ]);
    const idle = apiOf({ checks: { temporal: async () => true, worker: async () => false } });
    const unattended = await send(idle, { method: 'GET', url: '/readyz' });
    expect([unattended.statusCode, unattended.json()]).toEqual([
      503,
      { status: 'not ready', checks: { temporal: 'ok', worker: 'failed' } },
    ]);
    const good = await send(apiOf({ checks: { temporal: async () => true } }), {
      method: 'GET',
      url: '/readyz',
    });
    expect(good.statusCode).toBe(200);
  });

  test('/metrics counts, without ids', async () => {
    const app = apiOf();
    await askZip(app);
    await askZip(app, { payload: {} });
    const { body } = await send(app, { method: 'GET', url: '/metrics' });
    for (const line of [
      'zip_requests_total{code="200"} 1',
      'zip_requests_total{code="422"} 1',
      'zip_files_per_request_sum 3',
      'zip_build_duration_seconds_count{outcome="completed"} 1',
      'zip_bytes_count 1',
      'zip_jobs_total{outcome="completed",type="none"} 1',
      'http_request_duration_seconds_count{method="POST",route="/api/v1/clients/:client_id/attachments/download-multiple",code="422"} 1',
    ])
      expect(body).toContain(line);
    expect(body).not.toMatch(/user-1|c0ffee00|550e8400|123e4567/);
    const refused = apiOf({ jobs: zipJobs(failed('NotFound')).jobs });
    await askZip(refused);
    const counted = (await send(refused, { method: 'GET', url: '/metrics' })).body;
    expect(counted).toContain('zip_not_found_total 1');
    expect(counted).toContain('zip_jobs_total{outcome="failed",type="NotFound"} 1');
  });

  test.each([
    ['StorageError', 'StorageError'],
    ['Canary Müller.pdf', 'other'],
  ])('/metrics counts a job of 202 that fails with %s', async (type, label) => {
    const app = apiOf({ jobs: zipJobs(failed(type)).jobs });
    await askZip(app, { headers: { prefer: 'respond-async' } });
    const { body } = await send(app, { method: 'GET', url: '/metrics' });
    expect(body).toContain(`zip_jobs_total{outcome="failed",type="${label}"} 1`);
    expect(body).not.toContain('Canary');
  });

  test('/openapi.json describes every route', async () => {
    const { statusCode, body } = await send(apiOf(), { method: 'GET', url: '/openapi.json' });
    expect(statusCode).toBe(200);
    const document = JSON.parse(body) as { openapi: string; paths: Record<string, Record<string, object>> };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).toSorted()).toEqual([
      '/api/v1/clients/{client_id}/attachments/download-multiple',
      '/api/v1/jobs/{id}',
      '/api/v1/jobs/{id}/download',
      '/api/v1/jobs/{id}/events',
      '/api/v1/jobs/{id}/pause',
      '/api/v1/jobs/{id}/report',
      '/api/v1/jobs/{id}/resume',
      '/api/v1/restores',
      '/healthz',
      '/readyz',
    ]);
    for (const [path, operations] of Object.entries(document.paths))
      for (const operation of Object.values(operations))
        expect([path, 'security' in operation]).toEqual([path, path.startsWith('/api/')]);
    const post = document.paths['/api/v1/clients/{client_id}/attachments/download-multiple']?.['post'];
    expect(Object.keys((post as { responses: object }).responses)).toEqual(
      expect.arrayContaining(['200', '202', '401', '403', '404', '413', '422', '429', '500', '503']),
    );
  });

  test('/docs needs nothing from elsewhere', async () => {
    const app = apiOf();
    const page = await send(app, { method: 'GET', url: '/docs' });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.body).not.toMatch(/https?:\/\/|<style|<script>/);
    for (const [, url = ''] of page.body.matchAll(/(?:href|src)="(\/[^"]+)"/g))
      expect([url, (await send(app, { method: 'GET', url })).statusCode]).toEqual([url, 200]);
    expect((await send(app, { method: 'GET', url: '/' })).body).toContain('/docs');
  });
});

test('the log has ids and routes, no addresses, no tokens, no names', async () => {
  const lines: string[] = [];
  const { pino } = await import('pino');
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const canary = await token({ sub: 'user-1' });
  const app = apiOf({ log, jobs: zipJobs(failed('StorageError', null, 'Canary.pdf')).jobs });
  await send(app, {
    method: 'POST',
    url: `${URL}?token=${canary}`,
    headers: { authorization: `Bearer ${canary}` },
    payload: { attachment_ids: IDS },
  });
  const text = lines.join('');
  expect(text).toContain('"route":"/api/v1/clients/:client_id/attachments/download-multiple"');
  expect(text).toContain('"status":500');
  expect(text).toContain('"user":"user-1"');
  for (const secret of [canary, 'Canary', '550e8400', '123e4567']) expect(text).not.toContain(secret);
});
