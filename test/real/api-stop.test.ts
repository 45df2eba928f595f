/** How the API stops while somebody downloads, and ZIPs of more files than usual: real servers, real connections. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MEBIBYTE } from '../../core/units.js';
import { noise } from '../../dev/corpus.js';
import { startApiProcess } from '../support/api-process.js';
import { openClinic } from '../support/clinic.js';
import type { Clinic } from '../support/clinic.js';
import { until } from '../support/until.js';

/** More than what the connections between S3 and the client hold by themselves. */
const LARGE_BYTES = 48 * MEBIBYTE;

let clinic: Clinic;
let location = '';
beforeAll(async () => {
  clinic = await openClinic({ env: { ZIP_MAX_FILES: '60' } });
  const id = await clinic.zip.add({ name: 'large.bin', bytes: noise(LARGE_BYTES, 'large') });
  const made = await clinic.askZip([id]);
  await made.arrayBuffer();
  location = made.headers.get('content-location') ?? '';
}, 90_000);
afterAll(() => clinic.close(), 60_000);

/** Begins a download and takes nothing of it yet; the connection is kept alive, as browsers do. */
async function beginDownload(url: string): Promise<IncomingMessage> {
  const authorization = `Bearer ${await clinic.token()}`;
  const request = httpRequest(`${url}${location}`, {
    headers: { authorization, connection: 'keep-alive' },
  });
  request.on('error', () => {}).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  return response;
}

/** The bytes that came, also where the rest did not. */
async function bytesOf(response: IncomingMessage): Promise<number> {
  let bytes = 0;
  try {
    for await (const chunk of response) bytes += (chunk as Buffer).length;
  } catch {
    // Cut: the count tells.
  }
  return bytes;
}

async function isRefused(url: string): Promise<boolean> {
  const socket: Socket = connect(Number(new URL(url).port), '127.0.0.1');
  const refused = await Promise.race([
    once(socket, 'connect').then(() => false),
    once(socket, 'error').then(() => true),
  ]).catch(() => true);
  socket.destroy();
  return refused;
}

describe('a process that is told to stop', () => {
  test('with SIGTERM takes nobody new, lets a download end, and is gone', async () => {
    const api = await startApiProcess(clinic.zip.lab);
    const silent = connect(Number(new URL(api.url).port), '127.0.0.1');
    silent.on('error', () => {});
    const download = await beginDownload(api.url);
    api.kill('SIGTERM');
    await until('nobody new is taken', () => isRefused(api.url));
    await sleep(500);
    expect(await bytesOf(download)).toBe(Number(download.headers['content-length']));
    const endedAtMs = Date.now();
    expect(await api.ended).toMatchObject({ code: 0 });
    expect(Date.now() - endedAtMs).toBeLessThan(5000);
  }, 60_000);

  test('cuts a download that takes longer than it may', async () => {
    const api = await clinic.openApi({});
    const download = await beginDownload(api.url);
    const begunAtMs = Date.now();
    await api.stop(1000);
    expect(Date.now() - begunAtMs).toBeGreaterThanOrEqual(950);
    expect(await bytesOf(download)).toBeLessThan(Number(download.headers['content-length']));
  }, 60_000);
});

test('60 files make one ZIP where worker and API allow them, and 61 do not', async () => {
  const names = Array.from({ length: 61 }, (_, at) => `${at}.txt`);
  const ids = await Promise.all(names.map((name) => clinic.zip.add({ name, bytes: Buffer.from(name) })));
  expect((await clinic.askZip(ids)).status).toBe(422);
  const accepted = await clinic.askZip(ids.slice(0, 60), { headers: { prefer: 'respond-async' } });
  expect(accepted.status).toBe(202);
  const job = accepted.headers.get('location') ?? '';
  await (await clinic.ask(`${job}/events`)).text();
  const entries = await clinic.entries(await clinic.ask(`${job}/download`));
  expect([...entries].map(([name, bytes]) => [name, Buffer.from(bytes).toString()])).toEqual(
    names.slice(0, 60).map((name) => [name, name]),
  );
}, 60_000);

test('more files than the worker allows are no mistake of the caller: 500, and the log says where to look', async () => {
  const wide = await clinic.openApi({ ZIP_MAX_FILES: '70' });
  const ids = await Promise.all(
    Array.from({ length: 61 }, (_, at) => clinic.zip.add({ name: `${at}`, bytes: Buffer.from('x') })),
  );
  const answer = await clinic.askZip(ids, { api: wide });
  expect([answer.status, await answer.json()]).toEqual([
    500,
    expect.objectContaining({ detail: 'Failed to create ZIP file' }),
  ]);
  expect(wide.log()).toContain('ZIP_MAX_FILES');
}, 60_000);
