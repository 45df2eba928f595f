/** Clients that go away, and workers that die, in the middle of a ZIP. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { MEBIBYTE } from '../../core/units.js';
import { noise } from '../../dev/corpus.js';
import { openClinic } from '../support/clinic.js';
import type { Claims, Clinic } from '../support/clinic.js';
import { startFlakyProxy } from '../support/flaky-proxy.js';
import type { FlakyProxy } from '../support/flaky-proxy.js';
import { startWorkerProcess } from '../support/processes.js';
import type { StartedProcess } from '../support/processes.js';
import { until } from '../support/until.js';

let clinic: Clinic;
const workers: StartedProcess[] = [];
let proxy: FlakyProxy;
beforeAll(async () => {
  proxy = await startFlakyProxy(process.env['AWS_ENDPOINT_URL_S3'] ?? '');
  clinic = await openClinic({
    worker: false,
    env: {
      ZIP_MAX_BYTES: String(512 * MEBIBYTE),
      TRANSFER_SLOTS: '1',
      AWS_ENDPOINT_URL_S3: proxy.url,
    },
  });
}, 60_000);
afterEach(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await Promise.all(workers.splice(0).map(({ ended }) => ended));
});
afterAll(async () => {
  await clinic.close();
  await proxy.close();
});

async function startWorker(): Promise<StartedProcess> {
  const worker = await startWorkerProcess(clinic.zip.lab);
  workers.push(worker);
  return worker;
}

const large = (at: number): Buffer => Buffer.from(noise(8 * MEBIBYTE, `large ${at}`));

const addLarge = (count: number): Promise<readonly string[]> =>
  Promise.all(
    Array.from({ length: count }, (_, at) => clinic.zip.add({ name: `${at}.bin`, bytes: large(at) })),
  );

/** The one running job of the laboratory. */
async function running(): Promise<WorkflowHandle> {
  const { client, taskQueue } = clinic.zip.lab;
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = 'bulkZip' AND ExecutionStatus = 'Running'`;
  const find = async (): Promise<string | undefined> => {
    for await (const { workflowId } of client.workflow.list({ query })) return workflowId;
    return undefined;
  };
  await until('a job is running', async () => (await find()) !== undefined);
  return client.workflow.getHandle((await find()) ?? '');
}

const uploads = (): Promise<readonly string[]> => clinic.zip.uploads(clinic.zip.zipBucket);
const keys = (): Promise<readonly string[]> => clinic.zip.keys(clinic.zip.zipBucket);

/** Asks for a ZIP that stands still when its upload has begun. */
async function askAndPause(ids: readonly string[], as: Claims, signal: AbortSignal) {
  const headers = { 'idempotency-key': randomUUID() };
  const answer = clinic.askZip(ids, { as, signal, headers }).catch(() => null);
  const job = await running();
  await job.signal('pause');
  await startWorker();
  await until('the upload has begun', async () => (await uploads()).length === 1);
  return { answer, job, headers };
}

describe('a client that goes away', () => {
  test('takes its job along, and nothing is left in S3', async () => {
    const [ids, leaving] = [await addLarge(2), new AbortController()];
    const { job } = await askAndPause(ids, { sub: randomUUID() }, leaving.signal);
    expect(await keys()).not.toEqual([]);
    leaving.abort();
    await until('the job is cancelled', async () => (await job.describe()).status.name === 'CANCELLED');
    expect([await uploads(), await keys()]).toEqual([[], []]);
    expect(await clinic.auditOf(ids[0] ?? '')).toEqual([]);
    expect(clinic.api.log()).toContain('the client left');
  }, 90_000);

  test('leaves the job to another request that waits for it', async () => {
    const [ids, leaving] = [await addLarge(2), new AbortController()];
    const as = { sub: randomUUID() };
    const { job, headers } = await askAndPause(ids, as, leaving.signal);
    const second = clinic.askZip(ids, { as, headers });
    const lines = clinic.api.log().split('the client left').length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    leaving.abort();
    await until('the API knows', () => clinic.api.log().split('the client left').length > lines);
    await job.signal('resume');
    const answer = await second;
    expect(answer.status).toBe(200);
    expect((await clinic.entries(answer)).size).toBe(2);
  }, 90_000);
});

describe('a client that goes away and has a key', () => {
  test('comes back with it, and gets a ZIP of a new job', async () => {
    const [ids, leaving] = [await addLarge(2), new AbortController()];
    const as = { sub: randomUUID() };
    const { job, headers } = await askAndPause(ids, as, leaving.signal);
    leaving.abort();
    await until('it is cancelled or about to be', async () => {
      const { raw, status } = await job.describe();
      return status.name !== 'RUNNING' || raw.workflowExtendedInfo?.cancelRequested === true;
    });
    const answer = await clinic.askZip(ids, { as, headers });
    expect(answer.status).toBe(200);
    expect((await clinic.entries(answer)).size).toBe(2);
  }, 90_000);

  test('leaves the job to a request that another process has for it', async () => {
    const [ids, leaving, other] = [await addLarge(2), new AbortController(), await clinic.openApi({})];
    const as = { sub: randomUUID() };
    const { job, headers } = await askAndPause(ids, as, leaving.signal);
    const second = clinic.askZip(ids, { as, headers, api: other });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const lines = clinic.api.log().split('the client left').length;
    leaving.abort();
    await until('the API knows', () => clinic.api.log().split('the client left').length > lines);
    await job.signal('resume');
    expect((await clinic.entries(await second)).size).toBe(2);
  }, 90_000);
});

describe('a worker that is killed', () => {
  test('in the middle of a ZIP is replaced by another one, which finishes it', async () => {
    const ids = await addLarge(4);
    proxy.limit(4 * MEBIBYTE);
    const answered = clinic.askZip(ids, { as: { sub: randomUUID() } });
    const job = await running();
    const first = await startWorker();
    const before = proxy.bytesPassed();
    await until('attachments are being read', () => proxy.bytesPassed() - before > 6 * MEBIBYTE);
    first.kill('SIGKILL');
    await first.ended;
    expect((await job.describe()).status.name).toBe('RUNNING');
    expect(await uploads()).toHaveLength(1);
    proxy.limit(Infinity);
    await startWorker();
    const answer = await answered;
    expect(answer.status).toBe(200);
    const entries = await clinic.entries(answer);
    expect([...entries.keys()]).toEqual(ids.map((_, at) => `${at}.bin`));
    for (const [name, bytes] of entries) expect(large(Number.parseInt(name)).equals(bytes)).toBe(true);
    expect(await clinic.auditOf(ids[0] ?? '')).toHaveLength(1);
    expect(await uploads()).toEqual([]);
    expect((await keys()).filter((key) => !key.startsWith('zips/'))).toEqual([]);
  }, 150_000);
});
