/** Requests that leave, and requests that come again: what becomes of the job that they share. */
import { describe, expect, test } from '@jest/globals';
import type { ZipReader } from '../../client/api/ports.js';
import type { ZipEnding } from '../../client/job.js';
import { Problem } from '../../client/problem.js';
import { until } from '../support/until.js';
import {
  DONE,
  IDS,
  NOW_MS,
  SETTINGS,
  URL,
  apiOf,
  askZip,
  bearer,
  failed,
  zipInMemory,
  zipJobs,
} from './api-world.js';
import { begin, send } from './send.js';

const never = new Promise<ZipEnding>(() => {});

describe('a client that goes away while it waits', () => {
  const sent = async (headers: Readonly<Record<string, string>> = {}) => ({
    method: 'POST',
    url: URL,
    payload: { attachment_ids: IDS },
    headers: { ...(await bearer()), ...headers },
  });

  test('takes its job along', async () => {
    const { jobs, calls } = zipJobs(never);
    const app = apiOf({ jobs });
    const request = await begin(app, await sent());
    await until('the job is started', () => calls.length > 0);
    request.destroy();
    await until('the job is cancelled', () => calls.some(([what]) => what === 'cancel'));
    expect(calls.at(-1)).toEqual(['cancel', calls[0]?.[3]]);
    const { body } = await send(app, { method: 'GET', url: '/metrics' });
    expect(body).toContain('zip_requests_total{code="499"} 1');
  });

  const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
  const leave = async (request: Awaited<ReturnType<typeof begin>>): Promise<void> => {
    request.destroy();
    await new Promise((resolve) => request.once('close', resolve));
    await pause();
  };
  const KEY = { 'idempotency-key': 'k' };
  const waiting = async (app: ReturnType<typeof apiOf>) => {
    const request = await begin(app, await sent(KEY));
    await pause();
    return request;
  };

  test('leaves it to another request that waits for the same; the last one takes it along', async () => {
    const { jobs, calls } = zipJobs(never);
    const app = apiOf({ jobs });
    const [first, second] = [await waiting(app), await waiting(app)];
    await leave(first);
    expect(calls.map(([what]) => what)).toEqual(['start']);
    await leave(second);
    expect(calls.map(([what]) => what)).toEqual(['start', 'cancel']);
  });

  test('leaves it to whoever was told to come back for it', async () => {
    const { jobs, calls } = zipJobs(never);
    const app = apiOf({ jobs });
    const first = await waiting(app);
    const promised = await askZip(app, { headers: { ...KEY, prefer: 'respond-async' } });
    expect(promised.statusCode).toBe(202);
    await leave(first);
    expect(calls.map(([what]) => what)).toEqual(['start']);
  });

  test('leaves it to a request that another process has for it', async () => {
    const wanted = new Set<string>();
    const { jobs, calls } = zipJobs(never, {
      want: async (id) => void wanted.add(id),
      isWanted: async (id) => wanted.has(id),
    });
    const [first, second] = [await waiting(apiOf({ jobs })), await waiting(apiOf({ jobs }))];
    await leave(first);
    await leave(second);
    expect(calls.map(([what]) => what)).toEqual(['start']);
  });

  test('and comes back with the same key: there is a new job, once the old one has ended', async () => {
    let end = (): void => {};
    const first = new Promise<ZipEnding>((resolve) => (end = () => resolve({ kind: 'cancelled' })));
    const { jobs, calls } = zipJobs(first);
    let isCancelling = false;
    const leaving: typeof jobs = {
      ...jobs,
      cancel: async () => void (isCancelling = true),
      state: async (id) => ({ ...(await jobs.state(id)), isCancelling }),
      zipEnding: (id) => (calls.length > 1 ? Promise.resolve(DONE) : jobs.zipEnding(id)),
    };
    const app = apiOf({ jobs: leaving });
    await leave(await waiting(app));
    expect(isCancelling).toBe(true);
    const again = askZip(app, { headers: KEY });
    await pause();
    end();
    expect((await again).statusCode).toBe(200);
    expect(calls.map(([what]) => what)).toEqual(['start', 'start']);
  });
});

describe('Idempotency-Key', () => {
  const asked = (ids: readonly string[], key = 'key-1') => ({
    payload: { attachment_ids: ids },
    headers: { 'idempotency-key': key, prefer: 'respond-async' },
  });

  test('same key and body → the same job', async () => {
    const { jobs, calls } = zipJobs(never);
    const app = apiOf({ jobs });
    const [first, again] = [await askZip(app, asked(IDS)), await askZip(app, asked([...IDS, IDS[0] ?? '']))];
    expect([first.statusCode, again.statusCode]).toEqual([202, 202]);
    expect(again.headers['location']).toBe(first.headers['location']);
    expect(calls).toHaveLength(1);
  });

  test('also where both come at once', async () => {
    const { jobs, started } = zipJobs(never);
    const app = apiOf({ jobs });
    const answers = await Promise.all([askZip(app, asked(IDS)), askZip(app, asked(IDS))]);
    expect(new Set(answers.map(({ headers }) => headers['location'])).size).toBe(1);
    expect(started.size).toBe(1);
  });

  test('another body → 422', async () => {
    const app = apiOf({ jobs: zipJobs(never).jobs });
    await askZip(app, asked(IDS));
    const other = await askZip(app, asked(IDS.slice(1)));
    expect([other.statusCode, other.json()]).toEqual([
      422,
      expect.objectContaining({ type: 'urn:stowage:problem:key-reused' }),
    ]);
  });

  test('another user with the same key has another job', async () => {
    const app = apiOf({ jobs: zipJobs(never).jobs });
    const mine = await askZip(app, asked(IDS));
    const headers = { ...asked(IDS).headers, ...(await bearer({ sub: 'user-2' })) };
    const theirs = await askZip(app, { ...asked(IDS), headers });
    expect(theirs.headers['location']).not.toBe(mine.headers['location']);
  });

  test('a finished job is handed out again, a failed one is tried again', async () => {
    for (const [ending, starts] of [
      [DONE, 1],
      [failed('StorageError'), 2],
    ] as const) {
      const { jobs, calls } = zipJobs(ending);
      const app = apiOf({ jobs });
      const request = { headers: { 'idempotency-key': 'k' } };
      await askZip(app, request);
      await askZip(app, request);
      expect(calls.filter(([what]) => what === 'start')).toHaveLength(starts);
    }
  });

  describe('of a job that is of no use any more starts a new one', () => {
    const request = { headers: { 'idempotency-key': 'k' } };
    const again = async (zips: ZipReader, laterMs = 0): Promise<readonly unknown[]> => {
      let nowMs = NOW_MS;
      const { jobs, calls } = zipJobs();
      const app = apiOf({ jobs, zips, nowMs: () => nowMs });
      await askZip(app, request);
      nowMs += laterMs;
      const { statusCode } = await askZip(app, request);
      return [statusCode, calls.filter(([what]) => what === 'start').length];
    };

    test('its ZIP has expired', async () => {
      expect(await again(zipInMemory(), SETTINGS.zipTtlMs - 1)).toEqual([200, 1]);
      expect(await again(zipInMemory(), SETTINGS.zipTtlMs)).toEqual([200, 2]);
    });

    test('its ZIP was removed early', async () => {
      const { head, ...zips } = zipInMemory();
      let heads = 0;
      const once = async (...asked: Parameters<typeof head>) => ((heads += 1) === 2 ? null : head(...asked));
      expect(await again({ ...zips, head: once })).toEqual([200, 2]);
    });

    test('it is cancelled while the request waits', async () => {
      let end = (): void => {};
      const first = new Promise<ZipEnding>((resolve) => (end = () => resolve({ kind: 'cancelled' })));
      const { jobs, calls } = zipJobs(first);
      const starts = () => calls.filter(([what]) => what === 'start').length;
      const zipEnding: typeof jobs.zipEnding = async (id) => (starts() > 1 ? DONE : jobs.zipEnding(id));
      const app = apiOf({ jobs: { ...jobs, zipEnding } });
      await askZip(app, { headers: { ...request.headers, prefer: 'respond-async' } });
      const repeated = askZip(app, request);
      setTimeout(end, 50);
      expect([(await repeated).statusCode, starts()]).toEqual([200, 2]);
    });
  });

  test('a ZIP that is gone as soon as it is made → 500', async () => {
    expect((await askZip(apiOf({ zips: zipInMemory(null) }))).statusCode).toBe(500);
  });

  test('a start that is refused again and again → 503, not a status that the contract has no row for', async () => {
    const taken = () => Promise.reject(new Problem('already-running', 'taken'));
    const { jobs } = zipJobs(DONE, { startZip: taken });
    const answer = await askZip(apiOf({ jobs }), { headers: { 'idempotency-key': 'k' } });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
  });

  test('with blanks or too long → 422', async () => {
    for (const key of ['a b', 'x'.repeat(256)])
      expect((await askZip(apiOf(), asked(IDS, key))).json()).toMatchObject({
        status: 422,
        errors: [{ in: 'header', pointer: '#/idempotency-key' }],
      });
  });
});
