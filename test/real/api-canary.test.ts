/**
 * File names are health information, and keys may be made of them: a canary in both must be found in the ZIP, its key in the
 * plan of a running job as well, and neither anywhere else, whatever fails.
 */
import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MEBIBYTE } from '../../core/units.js';
import { noise } from '../../dev/corpus.js';
import { startApiProcess } from '../support/api-process.js';
import { openClinic } from '../support/clinic.js';
import type { AskedZip, Clinic } from '../support/clinic.js';
import { startDeafServer } from '../support/deaf-server.js';
import type { DeafServer } from '../support/deaf-server.js';
import { historyText } from '../support/history-text.js';
import { startWorkerProcess } from '../support/processes.js';
import type { StartedProcess } from '../support/processes.js';
import { until } from '../support/until.js';
import type { FileSpec } from '../support/zip-lab.js';

const CANARY = 'Canary-Zwölfinger';
const KEY_CANARY = 'Key-Canary-Blinddarm';
const inAnyForm = (canary: string): readonly string[] => [
  canary,
  encodeURIComponent(canary),
  Buffer.from(canary).toString('base64').slice(0, 20),
];

let clinic: Clinic;
let api: Awaited<ReturnType<typeof startApiProcess>>;
let worker: StartedProcess;
let mongo: DeafServer;
let s3: DeafServer;
const startWorker = (): Promise<StartedProcess> =>
  startWorkerProcess(clinic.zip.lab, {
    LOG_LEVEL: 'trace',
    MONGODB_URI: mongo.uri,
    AWS_ENDPOINT_URL_S3: s3.uri,
  });
beforeAll(async () => {
  clinic = await openClinic({ worker: false });
  [mongo, s3] = await Promise.all([
    startDeafServer(process.env['MONGODB_URI'] ?? ''),
    startDeafServer(process.env['AWS_ENDPOINT_URL_S3'] ?? ''),
  ]);
  [api, worker] = await Promise.all([startApiProcess(clinic.zip.lab, { LOG_LEVEL: 'trace' }), startWorker()]);
}, 60_000);
afterAll(async () => {
  for (const process of [api, worker]) process.kill('SIGTERM');
  await Promise.all([api.ended, worker.ended]);
  await clinic.close();
  await Promise.all([mongo.close(), s3.close()]);
}, 60_000);

/** A file whose key says as much as its name. */
async function add(
  suffix: string,
  { document = {}, withoutObject = false, ...more }: Partial<FileSpec> = {},
  size = 1000,
): Promise<string> {
  const { zip } = clinic;
  const s3_key = `${KEY_CANARY} ${suffix}/${randomUUID()}.pdf`;
  const bytes = noise(size, suffix);
  if (!withoutObject) await zip.lab.corpus.put(zip.attachmentsBucket, s3_key, bytes);
  const file = { name: `${CANARY} ${suffix}.pdf`, bytes, document: { s3_key, ...document } };
  return zip.add({ ...more, ...file, withoutObject: true });
}

let earlierWorkers = '';
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

/** A job that stands still in its middle: its plan is in S3, its upload has begun. What happens `meanwhile`, and its end. */
async function pauseAndGoOn(
  ids: readonly string[],
  meanwhile: () => Promise<void> | void = () => undefined,
): Promise<string> {
  const headers = { prefer: 'respond-async' };
  worker.kill('SIGTERM');
  earlierWorkers += (await worker.ended).err;
  const location = (await ask(ids, 202, { headers })).headers.get('location') ?? '';
  await clinic.ask(`${location}/pause`, { api, method: 'POST' });
  worker = await startWorker();
  await until('the ZIP is planned', async () => (await bucketTexts()).some((text) => /\/plan/.test(text)));
  await meanwhile();
  bodies.push(await (await clinic.ask(location, { api })).text());
  await clinic.ask(`${location}/resume`, { api, method: 'POST' });
  bodies.push(await (await clinic.ask(`${location}/events`, { api })).text());
  const end = await (await clinic.ask(location, { api })).text();
  bodies.push(end);
  return end;
}

/** All that anybody can read but the ZIPs themselves, once all jobs have ended. */
async function places(): Promise<Readonly<Record<string, string>>> {
  await until('all jobs have ended', async () => !(await bucketTexts()).some((text) => text.startsWith('.')));
  const { client, taskQueue } = clinic.zip.lab;
  return {
    histories: await historyText(client, taskQueue),
    bucket: (await bucketTexts()).join('\n'),
    bodies: bodies.join('\n'),
    'log of the API': api.said(),
    'log of the worker': earlierWorkers + worker.said(),
    metrics: await (await clinic.ask('/metrics', { api, as: null })).text(),
    audit: JSON.stringify(await clinic.zip.audit()),
  };
}

function expectNone(where: Readonly<Record<string, string>>, ...canaries: readonly string[]): void {
  for (const [place, text] of Object.entries(where))
    for (const canary of canaries.flatMap(inAnyForm))
      expect([place, canary, text.includes(canary)]).toEqual([place, canary, false]);
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
  const running: string[] = [];
  await pauseAndGoOn(good, async () => void running.push(...(await bucketTexts())));
  // What people send in wrong places is not repeated either.
  const strange = await clinic.ask(`/api/v1/jobs/${encodeURIComponent(CANARY)}?file=${CANARY}`, { api });
  bodies.push(await strange.text());
  bodies.push(await (await clinic.askZip([CANARY], { api })).text());

  expectNone({ 'plan of a running job': running.join('\n') }, CANARY);
  expect(running.join('\n')).toContain('.stowage/zip/');
  const found = await places();
  expect(found['histories']).toContain(good[0]);
  expect(found['metrics']).toContain('zip_requests_total{code="404"} 2');
  expect(found['log of the API']).toContain('refused');
  expectNone(found, CANARY, KEY_CANARY);
}, 90_000);

test('nor is one where S3, the database or the audit trail fails', async () => {
  const { attachmentsBucket, zipBucket, uploads } = clinic.zip;
  const ids = [await add('small'), await add('large', {}, 34 * MEBIBYTE)];
  const unavailable = async (server: DeafServer, word: string): Promise<void> => {
    server.forbid(word);
    bodies.push(await (await ask(ids, 503)).text());
    server.forbid(null);
  };
  await unavailable(mongo, 'attachments');
  await unavailable(mongo, 'audit_events');
  await unavailable(s3, `/${attachmentsBucket}/`);

  const failed = async (meanwhile: () => Promise<void> | void): Promise<void> => {
    expect(await pauseAndGoOn(ids, meanwhile)).toContain('"failed"');
    s3.forbid(null);
  };
  await failed(() => s3.forbid(`GET /${attachmentsBucket}/`));
  await failed(() => s3.forbid('x-amz-copy-source:'));
  await failed(() => abortUploads());
  expect(await uploads(zipBucket)).toEqual([]);

  const found = await places();
  for (const reason of [
    'S3 could not deliver the object',
    'the upload does not exist any more',
    ids[1] ?? '',
  ])
    expect(found['histories']).toContain(reason);
  expectNone(found, CANARY, KEY_CANARY);
}, 180_000);

/** As an impatient rule of the bucket would. */
async function abortUploads(): Promise<void> {
  const { s3: client, zipBucket: Bucket } = clinic.zip;
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads)
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
}
