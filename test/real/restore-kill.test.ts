import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { noise } from '../../dev/corpus.js';
import { startFlakyProxy } from '../support/flaky-proxy.js';
import type { FlakyProxy } from '../support/flaky-proxy.js';
import { endOf, openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { startWorkerProcess } from '../support/processes.js';
import type { StartedProcess } from '../support/processes.js';
import { DOWNLOADED, readRestored } from '../support/run-restore.js';
import { until } from '../support/until.js';

const MB = 1_048_576;
const PARTS_AT_ONCE = 2;

interface Before {
  readonly requests: number;
  readonly bytesPassed: number;
  /** The ranges that were on disk, as requests name them. */
  readonly finished: readonly string[];
}

describe('a worker that goes in the middle of a download', () => {
  let proxy: FlakyProxy;
  let lab: Lab;
  const workers: StartedProcess[] = [];
  const bytes = noise(64 * MB, 'kill');
  beforeAll(async () => {
    proxy = await startFlakyProxy(process.env['AWS_ENDPOINT_URL_S3'] ?? '');
    lab = await openLab({
      worker: false,
      env: { AWS_ENDPOINT_URL_S3: proxy.url, TRANSFER_PARALLEL_PARTS: String(PARTS_AT_ONCE) },
    });
  });
  afterEach(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all(workers.splice(0).map(({ ended }) => ended));
  });
  afterAll(async () => {
    await lab.close();
    await proxy.close();
  });

  async function startWorker(): Promise<StartedProcess> {
    const worker = await startWorkerProcess(lab);
    workers.push(worker);
    return worker;
  }

  /** Starts a job of eight parts of 8 MB and returns when some of them, and not all, are on disk. */
  async function startAndWait(id: string): Promise<{ handle: WorkflowHandle; before: Before }> {
    const [requests, bytesPassed] = [proxy.ranges.length, proxy.bytesPassed()];
    await lab.corpus.add({ id, project: lab.project(id), files: { [id]: bytes }, chunkMb: 8 });
    proxy.limit(10 * MB);
    const handle = await lab.start(id);
    await until('two parts are on disk', async () => (await journaled(id)).length >= 2);
    return { handle, before: { requests, bytesPassed, finished: await journaled(id) } };
  }

  /** The ranges that are on disk already, as requests name them. */
  async function journaled(id: string): Promise<readonly string[]> {
    const name = (await lab.tree()).find(
      (path) => path.startsWith(lab.project(id)) && path.endsWith('.journal'),
    );
    if (name === undefined) return [];
    const text = await readFile(join(lab.output, name), 'utf8').catch(() => '');
    return [...text.matchAll(/^\{"start":(\d+),"end":(\d+)\}$/gm)].map(
      ([, start, end]) => `bytes=${start}-${Number(end) - 1}`,
    );
  }

  /** All is as if nothing had happened, and what was on disk was not fetched again. */
  async function expectWhole(id: string, handle: WorkflowHandle, before: Before): Promise<void> {
    const { failure, files, reports } = await readRestored(await endOf(handle));
    expect(failure).toBeNull();
    expect(files).toEqual({ [id]: DOWNLOADED });
    expect(reports).toHaveLength(1);
    expect(await lab.holds(`${lab.project(id)}/${id}`, bytes)).toBe(true);
    expect(await lab.strays()).toEqual([]);
    expect((await lab.tree()).filter((path) => path.startsWith(`${lab.project(id)}/`))).toHaveLength(3);
    const ranges = proxy.ranges.slice(before.requests);
    for (const range of before.finished) expect(ranges.filter((one) => one === range)).toEqual([range]);
    // At most the parts in flight are fetched twice (and what was still in sockets).
    const most = bytes.length + (PARTS_AT_ONCE * 8 + 4) * MB;
    expect(proxy.bytesPassed() - before.bytesPassed).toBeLessThan(most);
  }

  test('by kill -9: another finishes, with what is there, and one report', async () => {
    const first = await startWorker();
    const { handle, before } = await startAndWait('killed');
    first.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    // In the middle: not all of the eight parts were asked for.
    expect(proxy.ranges.length - before.requests).toBeLessThan(8);
    proxy.limit(Infinity);
    await startWorker();
    await expectWhole('killed', handle, before);
  }, 180_000);

  test('by SIGTERM: it ends by itself with 0, and another goes on within seconds', async () => {
    const first = await startWorker();
    const { handle, before } = await startAndWait('stopped');
    expect(proxy.ranges.length - before.requests).toBeLessThan(8);
    const toldAtMs = Date.now();
    first.kill('SIGTERM');
    const [{ code, signal }] = await Promise.all([first.ended, startWorker()]);
    expect([code, signal]).toEqual([0, null]);
    expect(Date.now() - toldAtMs).toBeLessThan(30_000);
    proxy.limit(Infinity);
    await expectWhole('stopped', handle, before);
    // A killed worker's step is repeated only when its heartbeats have been missed for 30 s; this one was handed over.
    expect(Date.now() - toldAtMs).toBeLessThan(28_000);
  }, 120_000);
});
