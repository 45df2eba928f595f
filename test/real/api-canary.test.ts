/** File names are health information: a canary among them must be found in the ZIP, and nowhere else. */
import { randomUUID } from 'node:crypto';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { noise } from '../../dev/corpus.js';
import { startApiProcess } from '../support/api-process.js';
import { openClinic } from '../support/clinic.js';
import type { AskedZip, Clinic } from '../support/clinic.js';
import { historyText } from '../support/history-text.js';
import { startWorkerProcess } from '../support/processes.js';
import type { StartedProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const CANARY = 'Canary-Zwölfinger';
const CANARIES = [CANARY, encodeURIComponent(CANARY), Buffer.from(CANARY).toString('base64').slice(0, 20)];

let clinic: Clinic;
let api: Awaited<ReturnType<typeof startApiProcess>>;
let worker: StartedProcess;
beforeAll(async () => {
  clinic = await openClinic({ worker: false });
  const loud = { LOG_LEVEL: 'trace' };
  [api, worker] = await Promise.all([
    startApiProcess(clinic.zip.lab, loud),
    startWorkerProcess(clinic.zip.lab, loud),
  ]);
}, 60_000);
afterAll(async () => {
  for (const process of [api, worker]) process.kill('SIGTERM');
  await Promise.all([api.ended, worker.ended]);
  await clinic.close();
}, 60_000);

const add = (suffix: string, more = {}, bytes = 1000): Promise<string> =>
  clinic.zip.add({ name: `${CANARY} ${suffix}.pdf`, bytes: noise(bytes, suffix), ...more });

let earlierWorker = '';
const bodies: string[] = [];
async function ask(ids: readonly string[], wanted: number, asked: AskedZip = {}): Promise<Response> {
  const answer = await clinic.askZip(ids, { api, ...asked });
  expect(answer.status).toBe(wanted);
  bodies.push(JSON.stringify([...answer.headers]));
  return answer;
}

/** Every key in the bucket of ZIPs, and what is in those objects that are no ZIP: plans and records of running jobs. */
async function bucketTexts(): Promise<readonly string[]> {
  const { s3, zipBucket, keys } = clinic.zip;
  const texts = [...(await keys(zipBucket))];
  for (const Key of texts.filter((key) => !key.endsWith('.zip'))) {
    // It may be gone by now: jobs end.
    const found = await s3.send(new GetObjectCommand({ Bucket: zipBucket, Key })).catch(() => null);
    texts.push((await found?.Body?.transformToString()) ?? '');
  }
  return texts;
}

/** A job that stands still in its middle: its plan is in S3, its upload has begun. */
async function lookIntoPausedJob(ids: readonly string[]): Promise<readonly string[]> {
  const headers = { prefer: 'respond-async' };
  worker.kill('SIGTERM');
  const { err } = await worker.ended;
  const location = (await ask(ids, 202, { headers })).headers.get('location') ?? '';
  await clinic.ask(`${location}/pause`, { api, method: 'POST' });
  earlierWorker = err;
  worker = await startWorkerProcess(clinic.zip.lab, { LOG_LEVEL: 'trace' });
  await until('the ZIP is planned', async () => (await bucketTexts()).some((text) => /\/plan/.test(text)));
  const texts = [...(await bucketTexts())];
  bodies.push(await (await clinic.ask(location, { api })).text());
  await clinic.ask(`${location}/resume`, { api, method: 'POST' });
  bodies.push(await (await clinic.ask(`${location}/events`, { api })).text());
  bodies.push(await (await clinic.ask(location, { api })).text());
  return texts;
}

test('no name of an attachment is anywhere but in the ZIP', async () => {
  const good = [await add('one'), await add('two', {}, 9_000_000), await add('one')];
  const entries = await clinic.entries(await ask(good, 200));
  expect([...entries.keys()]).toEqual([`${CANARY} one.pdf`, `${CANARY} two.pdf`, `${CANARY} one (2).pdf`]);
  const refused: readonly (readonly [number, string])[] = [
    [500, await add('gone', { withoutObject: true })],
    [500, await add('other size', { document: { file_size_bytes: 7 } })],
    [413, await add('huge', { document: { file_size_bytes: 200_000_000 } })],
    [404, await add('deleted', { deleted: true })],
    [404, await add('foreign', { clientId: randomUUID() })],
  ];
  for (const [status, id] of refused) bodies.push(await (await ask([good[0] ?? '', id], status)).text());
  const inBucket = await lookIntoPausedJob(good);
  // What people send in wrong places is not repeated either.
  const strange = await clinic.ask(`/api/v1/jobs/${encodeURIComponent(CANARY)}?file=${CANARY}`, { api });
  bodies.push(await strange.text());
  bodies.push(await (await clinic.askZip([CANARY], { api })).text());

  await until('all jobs have ended', async () => !(await bucketTexts()).some((text) => text.startsWith('.')));
  const { client, taskQueue } = clinic.zip.lab;
  const places = {
    histories: await historyText(client, taskQueue),
    bucket: [...inBucket, ...(await bucketTexts())].join('\n'),
    bodies: bodies.join('\n'),
    'log of the API': api.said(),
    'log of the worker': earlierWorker + worker.said(),
    metrics: await (await clinic.ask('/metrics', { api, as: null })).text(),
    audit: JSON.stringify(await clinic.zip.audit()),
  };
  expect(places.histories).toContain(good[0]);
  expect(places.bucket).toContain('.stowage/zip/');
  expect(places.metrics).toContain('zip_requests_total{code="404"} 2');
  expect(places['log of the API']).toContain('refused');
  for (const [place, text] of Object.entries(places))
    for (const canary of CANARIES) expect([place, text.includes(canary)]).toEqual([place, false]);
}, 90_000);
