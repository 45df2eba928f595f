/** How much of the server one user may hold: downloads, event streams, and how slowly a download may be taken. */
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import type { ZipReader } from '../../client/api/ports.js';
import { until } from '../support/until.js';
import {
  ETAG,
  IDS,
  URL,
  ZIP,
  apiOf,
  ask,
  askZip,
  bearer,
  running,
  state,
  zipInMemory,
  zipJobs,
} from './api-world.js';
import type { ApiChanges } from './api-world.js';
import { begin } from './send.js';
import type { Sent } from './send.js';

const JOB = '/api/v1/jobs/zip-1';
const CHUNK = Buffer.alloc(65_536);
const ENDLESS = 1024 ** 4;

/** A ZIP that never ends; `open` counts the bodies that are still read from S3. */
function endlessZip() {
  const count = { open: 0 };
  const zips: ZipReader = {
    head: async () => ({ etag: ETAG, sizeBytes: ENDLESS }),
    read: async () => {
      count.open += 1;
      const body = new Readable({ read: () => void body.push(CHUNK) });
      return body.once('close', () => (count.open -= 1));
    },
  };
  return { zips, count };
}

const apiWith = (job: object, changes: ApiChanges): FastifyInstance =>
  apiOf({
    jobs: zipJobs(undefined, { state: async (id) => state({ ...job, workflowId: id }) }).jobs,
    ...changes,
  });

const held = new Set<ClientRequest>();
/** Before the app closes, which waits for them. */
const letGo = (): void => held.forEach((request) => request.destroy());

/** Takes the head of an answer and nothing of its body. */
async function open(app: FastifyInstance, url: string, more: Partial<Sent> = {}) {
  const request = await begin(app, { method: 'GET', url, headers: await bearer(), ...more });
  held.add(request);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return { request, status: response.statusCode };
}

describe('downloads', () => {
  const url = `${JOB}/download`;

  test('of one user at a time are limited; other users have theirs, and HEAD takes no place', async () => {
    const { zips, count } = endlessZip();
    const app = apiWith({}, { zips, settings: { downloadsPerUser: 2 } });
    const mine = [await open(app, url), await open(app, url)];
    const refused = await ask(app, 'GET', url);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '5']);
    expect(refused.json()).toMatchObject({ type: 'urn:stowage:problem:too-many-downloads' });
    expect((await askZip(app)).statusCode).toBe(429);
    expect((await ask(app, 'HEAD', url)).statusCode).toBe(200);
    const other = {
      method: 'POST',
      headers: await bearer({ sub: 'user-2' }),
      payload: { attachment_ids: IDS },
    };
    expect((await open(app, URL, other)).status).toBe(200);
    for (const { request } of mine) request.destroy();
    await until('their places are free', () => count.open === 1);
    expect((await open(app, url)).status).toBe(200);
    letGo();
  });

  test('that have ended make room', async () => {
    const app = apiWith({}, { zips: zipInMemory(), settings: { downloadsPerUser: 1 } });
    for (let at = 0; at < 3; at += 1) expect((await ask(app, 'GET', url)).rawPayload).toEqual(ZIP);
  });

  test('that are hardly taken are cut, so that S3 is free for others', async () => {
    const { zips, count } = endlessZip();
    const pace = { windowMs: 100, leastBytes: 1_048_576 };
    const app = apiWith({}, { zips, settings: { pace } });
    await open(app, url);
    expect(count.open).toBe(1);
    await until('S3 is free', () => count.open === 0);
    letGo();
  });

  test('that are taken are not', async () => {
    const { zips, count } = endlessZip();
    const pace = { windowMs: 1000, leastBytes: 1 };
    const app = apiWith({}, { zips, settings: { pace } });
    const request = await begin(app, { method: 'GET', url, headers: await bearer() });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => {}).resume();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    request.destroy();
    expect(count.open).toBe(1);
  });
});

describe('event streams', () => {
  test('of one user at a time are limited; one that is closed makes room', async () => {
    const app = apiWith(running, { settings: { streamsPerUser: 1 } });
    const url = `${JOB}/events`;
    const { request } = await open(app, url);
    const refused = await ask(app, 'GET', url);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '5']);
    expect((await open(app, url)).status).toBe(429);
    request.destroy();
    await until('there is room', async () => {
      const next = await open(app, url);
      next.request.destroy();
      return next.status === 200;
    });
    letGo();
  });
});

test('Range means something with GET alone: POST answers with the whole', async () => {
  for (const range of ['bytes=0-3', 'bytes=999999-']) {
    const { statusCode, rawPayload, headers } = await askZip(apiOf(), { headers: { range } });
    expect([statusCode, rawPayload, headers['content-range']]).toEqual([200, ZIP, undefined]);
  }
});
