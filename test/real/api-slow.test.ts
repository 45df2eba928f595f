/** Clients that are slow on purpose, or because their line is: the API is its own process, so that its memory is its own. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MEBIBYTE } from '../../core/units.js';
import { noise } from '../../dev/corpus.js';
import { startApiProcess } from '../support/api-process.js';
import { openClinic, zipPath } from '../support/clinic.js';
import type { Clinic } from '../support/clinic.js';
import { until } from '../support/until.js';

let clinic: Clinic;
let api: Awaited<ReturnType<typeof startApiProcess>>;
beforeAll(async () => {
  clinic = await openClinic({
    env: { ZIP_MAX_BYTES: String(512 * MEBIBYTE), TRANSFER_STALL_TIMEOUT: '2s' },
  });
  api = await startApiProcess(clinic.zip.lab, { LOG_LEVEL: 'info' });
}, 60_000);
afterAll(async () => {
  api.kill('SIGTERM');
  await api.ended;
  await clinic.close();
});

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends one byte each half second until the other side has had enough; all that it said, and when. */
async function trickle(begin: string): Promise<{ readonly answer: string; readonly afterMs: number }> {
  const [socket, startedAtMs] = [await open(), Date.now()];
  socket.write(begin);
  const timer = setInterval(() => socket.write('x'), 500);
  const answer = await text(socket);
  clearInterval(timer);
  return { answer, afterMs: Date.now() - startedAtMs };
}

describe('a client that sends byte by byte', () => {
  test('is cut off with 408 when its time for a request is over', async () => {
    const authorization = `Authorization: Bearer ${await clinic.token()}`;
    const post = `POST ${zipPath(clinic.zip.clientId)} HTTP/1.1\r\nHost: x\r\n${authorization}\r\n`;
    const slow = await Promise.all([
      trickle('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: '),
      trickle(`${post}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"`),
    ]);
    for (const { answer, afterMs } of slow) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
      expect(answer).toContain('content-type: application/problem+json');
      expect(answer).toContain('The request did not arrive in time');
      // 20 seconds, looked at every 5.
      expect(afterMs).toBeGreaterThan(19_000);
      expect(afterMs).toBeLessThan(28_000);
    }
    await until('the log has the refusals', async () => api.said().includes('"status":408'));
  }, 60_000);
});

const FILES = 4;
const FILE_BYTES = 32 * MEBIBYTE;
const READERS = 4;

async function residentBytes(): Promise<number> {
  const metrics = await (await fetch(`${api.url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]);
}

/** Takes the first bytes and then none. */
async function readSlowly(path: string): Promise<Socket> {
  const socket = await open();
  const authorization = `Authorization: Bearer ${await clinic.token()}`;
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${authorization}\r\n\r\n`);
  await once(socket, 'readable');
  socket.read(1);
  return socket;
}

describe('a client that reads slowly', () => {
  let download = '';
  let sizeBytes = 0;
  beforeAll(async () => {
    const bytes = noise(FILE_BYTES, 'slow');
    const ids = await Promise.all(
      Array.from({ length: FILES }, (_, at) => clinic.zip.add({ name: `${at}.bin`, bytes })),
    );
    const answer = await clinic.askZip(ids, { api });
    sizeBytes = (await answer.arrayBuffer()).byteLength;
    expect(sizeBytes).toBeGreaterThan(FILES * FILE_BYTES);
    download = answer.headers.get('content-location') ?? '';
  }, 60_000);

  test('costs no memory, holds up nobody, and gets every byte in the end', async () => {
    const before = await residentBytes();
    const sockets = await Promise.all(Array.from({ length: READERS }, () => readSlowly(download)));
    let most = 0;
    // Longer than S3 may be silent: that it is has another reason here.
    for (let round = 0; round < 16; round += 1) {
      await sleep(500);
      most = Math.max(most, await residentBytes());
    }
    // Half of one download; all of them would be four.
    expect(most - before).toBeLessThan(sizeBytes / 2);
    const lengths = await Promise.all(sockets.map(bodyBytes));
    expect(lengths).toEqual(sockets.map(() => sizeBytes));
  }, 90_000);
});

/** What is left of an answer, without its head. */
async function bodyBytes(socket: Socket): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  return all.length - (all.indexOf('\r\n\r\n') + 4);
}
