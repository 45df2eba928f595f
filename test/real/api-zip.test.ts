/** What a client of the API may rely on beyond the seed's tests, against the real servers. */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { noise } from '../../dev/corpus.js';
import { openClinic } from '../support/clinic.js';
import type { AskedZip, Clinic } from '../support/clinic.js';
import { startDeafServer } from '../support/deaf-server.js';
import type { DeafServer } from '../support/deaf-server.js';
import { until } from '../support/until.js';

const MOST_BYTES = 1_048_576;

let clinic: Clinic;
let mongo: DeafServer;
beforeAll(async () => {
  mongo = await startDeafServer(process.env['MONGODB_URI'] ?? '');
  clinic = await openClinic({ env: { ZIP_MAX_BYTES: String(MOST_BYTES), MONGODB_URI: mongo.uri } });
}, 60_000);
afterAll(async () => {
  await clinic.close();
  await mongo.close();
});
afterEach(async () => {
  mongo.forbid(null);
  const { zip } = clinic;
  await until('nothing of a job is left', async () => (await leftovers()).length === 0);
  expect(await zip.uploads(zip.zipBucket)).toEqual([]);
});

/** Keys and uploads that are no finished ZIP. */
async function leftovers(): Promise<readonly string[]> {
  const { zip } = clinic;
  const keys = (await zip.keys(zip.zipBucket)).filter((key) => !/^zips\/[0-9a-f]{32}\.zip$/.test(key));
  return [...keys, ...(await zip.uploads(zip.zipBucket))];
}

const finished = async (): Promise<number> => (await clinic.zip.keys(clinic.zip.zipBucket)).length;

const add = (bytes: number, name = 'file.bin', more = {}): Promise<string> =>
  clinic.zip.add({ name, bytes: noise(bytes, randomUUID()), ...more });

const read = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer());
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface ProblemBody {
  readonly type: string;
  readonly detail: string;
}

const problemOf = async (answer: Response): Promise<readonly [number, string]> => {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  return [answer.status, ((await answer.json()) as ProblemBody).detail];
};

const STORAGE = [500, 'Failed to download file from storage'] as const;
const UNAVAILABLE = [503, 'The service is temporarily unavailable. Please try again later.'] as const;

describe('who may have what', () => {
  test('whatever is not yours and whatever does not exist look the same, byte for byte', async () => {
    const { db, clientId } = clinic.zip;
    const [otherClient, foreignClient, foreignWorkspace] = [randomUUID(), randomUUID(), randomUUID()];
    await db.collection<{ _id: string }>('clients').insertMany([
      { _id: otherClient, workspace_id: clinic.zip.workspaceId },
      { _id: foreignClient, workspace_id: foreignWorkspace },
    ] as never);
    const own = await add(10);
    const foreign = await add(10, 'x', { clientId: foreignClient, workspaceId: foreignWorkspace });
    const asked: readonly (readonly [string, readonly string[]])[] = [
      [clientId, [randomUUID()]],
      [clientId, [own, randomUUID()]],
      [clientId, [await add(10, 'x', { clientId: otherClient })]],
      [clientId, [own, foreign]],
      [clientId, [await add(10, 'x', { deleted: true })]],
      [otherClient, [own]],
      [foreignClient, [foreign]],
      [randomUUID(), [own]],
    ];
    const bodies = [];
    for (const [client, ids] of asked) {
      const answer = await clinic.askZip(ids, { clientId: client });
      const { date: _when, 'x-request-id': _id, ...headers } = Object.fromEntries(answer.headers);
      const limits = Object.keys(headers).filter((name) => name.startsWith('x-ratelimit'));
      for (const name of limits) delete headers[name];
      bodies.push(JSON.stringify([answer.status, headers, await answer.text()]));
    }
    expect(new Set(bodies).size).toBe(1);
    expect(bodies[0]).toMatch(/^\[404,.*One or more attachments not found or do not belong to this client/);
  });

  test('a suspended workspace is refused', async () => {
    const [workspaceId, clientId] = [randomUUID(), randomUUID()];
    const { db } = clinic.zip;
    await db
      .collection<{ _id: string }>('workspaces')
      .insertOne({ _id: workspaceId, status: 'suspended' } as never);
    await db
      .collection<{ _id: string }>('clients')
      .insertOne({ _id: clientId, workspace_id: workspaceId } as never);
    const id = await add(10, 'x', { workspaceId, clientId });
    const answer = await clinic.askZip([id], { clientId, as: { workspace_id: workspaceId } });
    expect(await problemOf(answer)).toEqual([403, 'Workspace access denied']);
  });

  test('a token without the scope is refused; so are an expired one, and one of another issuer', async () => {
    const ids = [await add(10)];
    expect(await problemOf(await clinic.askZip(ids, { as: { scope: 'restore' } }))).toEqual([
      403,
      'Workspace access denied',
    ]);
    const strict = await clinic.openApi({ JWT_ISSUER: 'https://login.example.org' });
    for (const asked of [{ as: { sub: undefined } }, { api: strict }])
      expect(await problemOf(await clinic.askZip(ids, asked))).toEqual([401, 'Authentication required']);
    const named = { api: strict, as: { iss: 'https://login.example.org' } };
    expect((await clinic.askZip(ids, named)).status).toBe(200);
  });
});

describe('sizes', () => {
  test('exactly the limit passes; one byte more does not', async () => {
    const [most, one] = [await add(MOST_BYTES - 1), await add(1)];
    const answer = await clinic.askZip([most, one]);
    expect(answer.status).toBe(200);
    const bytes = await read(answer);
    expect(bytes.length).toBe(Number(answer.headers.get('content-length')));
    const before = await finished();
    const refused = await clinic.askZip([most, one, await add(1)]);
    expect(await refused.clone().json()).toMatchObject({
      limit_bytes: MOST_BYTES,
      actual_bytes: MOST_BYTES + 1,
    });
    expect(await problemOf(refused)).toEqual([
      413,
      'Total file size exceeds 1 MB limit. Selected files total 1.000001 MB. Please select fewer files.',
    ]);
    expect(await finished()).toBe(before);
  });

  test('an object beyond the limit is not served because its document says less', async () => {
    const id = await add(2 * MOST_BYTES, 'x', { document: { file_size_bytes: 1000 } });
    expect(await problemOf(await clinic.askZip([id]))).toEqual([
      413,
      'Total file size exceeds 1 MB limit. Selected files total 2.0 MB. Please select fewer files.',
    ]);
  });

  test('nor is one within the limit that is not what its document says', async () => {
    const id = await add(2000, 'x', { document: { file_size_bytes: 1000 } });
    expect(await problemOf(await clinic.askZip([id]))).toEqual(STORAGE);
    const replaced = await add(1000, 'x', { document: { etag: '0123456789abcdef0123456789abcdef' } });
    expect(await problemOf(await clinic.askZip([replaced]))).toEqual(STORAGE);
  });
});

describe('what is in the ZIP', () => {
  test('an id counts once, in any case, at its first place; the order is that of the request', async () => {
    const ids = [];
    for (const name of ['c.txt', 'a.txt', 'b.txt']) ids.push(await add(100, name));
    const [c = '', a = '', b = ''] = ids;
    const entries = await clinic.entries(await clinic.askZip([b, c, b.toUpperCase(), a, c]));
    expect([...entries.keys()]).toEqual(['b.txt', 'c.txt', 'a.txt']);
    const [event] = await clinic.auditOf(a);
    expect(event?.['metadata']).toMatchObject({ attachment_ids: [b, c, a], attachment_count: 3 });
  });

  test('an attachment of a session is one of the client', async () => {
    const id = await add(100, 'session.pdf', { document: { session_id: randomUUID() } });
    expect([...(await clinic.entries(await clinic.askZip([id]))).keys()]).toEqual(['session.pdf']);
  });

  test('dangerous names are made safe', async () => {
    const names = [
      '../../etc/passwd',
      'C:\\Windows\\x.dll',
      'a\u202Efdp.exe',
      'CON.txt',
      '',
      '/abs',
      'x'.repeat(400),
    ];
    const ids = [];
    for (const name of names) ids.push(await add(10, name));
    const entries = await clinic.entries(await clinic.askZip(ids));
    expect(entries.size).toBe(names.length);
    for (const name of entries.keys()) {
      expect(name).toMatch(/^[^/\\:\u202E]{1,255}$/);
      expect(name).not.toMatch(/^(\.\.?|con(\..*)?)$/i);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    }
  });
});

describe('when something is broken', () => {
  test('an object that is gone: no ZIP, no byte, no event', async () => {
    const ids = [await add(100), await add(100, 'gone', { withoutObject: true })];
    const before = await finished();
    expect(await problemOf(await clinic.askZip(ids))).toEqual(STORAGE);
    expect(await finished()).toBe(before);
    expect(await clinic.auditOf(ids[0] ?? '')).toEqual([]);
  });

  test('an audit trail that cannot be written: 503 and no ZIP; afterwards it goes well', async () => {
    const ids = [await add(100)];
    const before = await finished();
    mongo.forbid('audit_events');
    const answer = await clinic.askZip(ids);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await problemOf(answer)).toEqual(UNAVAILABLE);
    expect(mongo.cuts()).toBeGreaterThan(0);
    expect(await finished()).toBe(before);
    mongo.forbid(null);
    expect((await clinic.askZip(ids)).status).toBe(200);
    expect(await clinic.auditOf(ids[0] ?? '')).toHaveLength(1);
  });

  test('a database that cannot be read: 503', async () => {
    const ids = [await add(100)];
    mongo.forbid('attachments');
    expect(await problemOf(await clinic.askZip(ids))).toEqual(UNAVAILABLE);
  });
});

describe('the audit event', () => {
  test('is there before the first byte, once, however often the ZIP is downloaded', async () => {
    const id = await add(100);
    const answer = await clinic.askZip([id]);
    // The headers are here, and the body has not been asked for.
    expect(await clinic.auditOf(id)).toHaveLength(1);
    const location = answer.headers.get('content-location') ?? '';
    const first = await read(answer);
    expect((await read(await clinic.ask(location))).equals(first)).toBe(true);
    expect(await clinic.auditOf(id)).toHaveLength(1);
  });
});

describe('a job', () => {
  const begin = async (ids: readonly string[], asked: AskedZip = {}): Promise<string> => {
    const headers = { ...asked.headers, prefer: 'respond-async' };
    const answer = await clinic.askZip(ids, { ...asked, headers });
    expect(answer.status).toBe(202);
    return answer.headers.get('location') ?? '';
  };
  interface JobBody {
    readonly id: string;
    readonly status: string;
    readonly download: string | null;
    readonly result: Readonly<Record<string, unknown>> | null;
    readonly error: ProblemBody | null;
  }
  const job = async (location: string): Promise<JobBody> =>
    (await clinic.ask(location)).json() as Promise<JobBody>;
  const ended = async (location: string): Promise<JobBody> => {
    await until('the job has ended', async () => (await job(location)).status !== 'running');
    return job(location);
  };

  test('is started with respond-async, followed by events, and downloaded; a broken download goes on', async () => {
    const ids = [await add(400_000, 'big.bin'), await add(1000, 'small.bin')];
    const location = await begin(ids);
    expect(location).toMatch(/^\/api\/v1\/jobs\//);
    const events = await (await clinic.ask(`${location}/events`)).text();
    const last = /event: end\ndata: (.*)\n\n$/.exec(events)?.[1] ?? '{}';
    const found = await job(location);
    expect(JSON.parse(last)).toEqual(found);
    expect(found).toMatchObject({ status: 'completed', download: `${location}/download`, error: null });
    expect(found.result).toMatchObject({ status: 'complete', entries: 2, skipped: [] });
    expect(found.result).not.toHaveProperty('uri');

    const whole = await clinic.ask(`${location}/download`);
    const [etag, bytes] = [whole.headers.get('etag') ?? '', await read(whole)];
    expect(etag).toMatch(/^"[^"]+"$/);
    const rest = await clinic.ask(`${location}/download`, {
      headers: { range: 'bytes=1000-', 'if-range': etag },
    });
    expect([rest.status, rest.headers.get('content-range')]).toEqual([
      206,
      `bytes 1000-${bytes.length - 1}/${bytes.length}`,
    ]);
    const resumed = Buffer.concat([bytes.subarray(0, 1000), await read(rest)]);
    expect(sha256(resumed)).toBe(sha256(bytes));
    const changed = { range: 'bytes=1000-', 'if-range': '"another"' };
    const all = await clinic.ask(`${location}/download`, { headers: changed });
    expect([all.status, sha256(await read(all))]).toEqual([200, sha256(bytes)]);
    const beyond = await clinic.ask(`${location}/download`, { headers: { range: `bytes=${bytes.length}-` } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`]);
    const head = await clinic.ask(`${location}/download`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
  });

  test('expires', async () => {
    const brief = await clinic.openApi({ ZIP_TTL: '1s' });
    const location = await begin([await add(100)]);
    await ended(location);
    const download = (): Promise<Response> => clinic.ask(`${location}/download`, { api: brief });
    await until('the ZIP has expired', async () => (await download()).status === 410);
    expect(await problemOf(await download())).toEqual([410, 'The ZIP file has expired']);
    expect(await (await clinic.ask(location, { api: brief })).json()).toMatchObject({ download: null });
    expect((await clinic.ask(`${location}/download`)).status).toBe(200);
  });

  test('that failed says so as the request would have', async () => {
    const location = await begin([await add(100, 'x', { withoutObject: true })]);
    const { status, error, download } = await ended(location);
    expect([status, error?.detail, download]).toEqual(['failed', STORAGE[1], null]);
    expect(await problemOf(await clinic.ask(`${location}/download`))).toEqual(STORAGE);
  });

  test('belongs to its user in its workspace', async () => {
    const location = await begin([await add(100)]);
    const bodies = new Set<string>();
    for (const as of [{ sub: 'user-2' }, { workspace_id: randomUUID() }])
      for (const path of ['', '/download', '/events', '/report'])
        bodies.add(await (await clinic.ask(`${location}${path}`, { as })).text());
    bodies.add(await (await clinic.ask(`${location}-unknown`)).text());
    expect([...bodies].map((body) => (JSON.parse(body) as ProblemBody).detail)).toEqual([
      'There is no such job',
    ]);
    expect((await clinic.ask(location, { method: 'DELETE', as: { sub: 'user-2' } })).status).toBe(404);
    await ended(location);
  });

  test('is one for the same Idempotency-Key and body, and refused for another body', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const [id, other] = [await add(1000), await add(1000)];
    const answers = await Promise.all([1, 2, 3].map(() => clinic.askZip([id], { headers })));
    answers.push(await clinic.askZip([id.toUpperCase()], { headers }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map((answer) => answer.headers.get('content-location'))).size).toBe(1);
    const sums = await Promise.all(answers.map(async (answer) => sha256(await read(answer))));
    expect(new Set(sums).size).toBe(1);
    expect(await clinic.auditOf(id)).toHaveLength(1);
    expect(await problemOf(await clinic.askZip([other], { headers }))).toEqual([
      422,
      'This Idempotency-Key was used for another request',
    ]);
  });

  test('is a new one for the same key once its ZIP has expired', async () => {
    const brief = await clinic.openApi({ ZIP_TTL: '1s' });
    const [id, headers] = [await add(1000), { 'idempotency-key': randomUUID() }];
    const ask = (): Promise<Response> => clinic.askZip([id], { api: brief, headers });
    const first = await ask();
    expect(first.status).toBe(200);
    await read(first);
    const download = first.headers.get('content-location') ?? '';
    await until('it has expired', async () => (await clinic.ask(download, { api: brief })).status === 410);
    const second = await ask();
    expect([second.status, second.headers.get('content-location')]).toEqual([200, download]);
    await read(second);
    expect(await clinic.auditOf(id)).toHaveLength(2);
  });

  test('of a user with too many of them does not start', async () => {
    const narrow = await clinic.openApi({ API_JOBS_PER_USER: '1' });
    const as = { sub: `busy-${randomUUID()}` };
    await clinic.zip.lab.stopWorker();
    const id = await add(100);
    const location = await begin([id], { api: narrow, as });
    const refused = await clinic.askZip([id], { api: narrow, as, headers: { prefer: 'respond-async' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await problemOf(refused))[0]).toBe(429);
    expect((await clinic.ask(location, { as, method: 'DELETE' })).status).toBe(202);
    await clinic.zip.lab.restartWorker();
    await until('it is cancelled', async () => {
      const { status } = (await (await clinic.ask(location, { as })).json()) as JobBody;
      return status === 'cancelled';
    });
  }, 60_000);
});

describe('a restore', () => {
  test('is started, followed and reported over HTTP by whoever may', async () => {
    const { lab } = clinic.zip;
    const [id, project] = [`api-${lab.unique}.raw`, lab.project('api')];
    const bytes = noise(5000, id);
    await lab.corpus.add({ id, project, files: { [id]: bytes } });
    const body = { raw_file_ids: id };
    const ask = (as = {}): Promise<Response> => clinic.ask('/api/v1/restores', { method: 'POST', body, as });
    expect(await problemOf(await ask({ scope: 'zip' }))).toEqual([403, 'Workspace access denied']);
    const started = await ask();
    expect(started.status).toBe(202);
    const location = started.headers.get('location') ?? '';
    await (await clinic.ask(`${location}/events`)).text();
    expect(await (await clinic.ask(location)).json()).toMatchObject({
      type: 'restore',
      status: 'completed',
      result: { status: 'SUCCESS', successful: 1 },
    });
    expect(await lab.holds(`${project}/${id}`, bytes)).toBe(true);
    const report = await clinic.ask(`${location}/report`, { headers: { accept: 'text/plain' } });
    expect(await report.text()).toContain(`${id}: OK - Downloaded and verified`);
    expect((await clinic.ask(`${location}/report`, { as: { scope: 'zip' } })).status).toBe(403);
  });
});
