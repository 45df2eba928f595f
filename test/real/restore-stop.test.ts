import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { ReportTexts, RestoreResult } from '../../core/contract.js';
import { noise } from '../../dev/corpus.js';
import { startFlakyProxy } from '../support/flaky-proxy.js';
import type { FlakyProxy } from '../support/flaky-proxy.js';
import { endOf, openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { stowage } from '../support/processes.js';
import { DOWNLOADED, SKIPPED, readRestored, runRestore } from '../support/run-restore.js';
import { until } from '../support/until.js';

describe('a restore that is stopped in the middle', () => {
  let proxy: FlakyProxy;
  let lab: Lab;
  const block = noise(2_000_000, 'stop');
  const names = Array.from({ length: 24 }, (_, at) => `f${String(at).padStart(2, '0')}`);
  beforeAll(async () => {
    proxy = await startFlakyProxy(process.env['AWS_ENDPOINT_URL_S3'] ?? '');
    lab = await openLab({ env: { AWS_ENDPOINT_URL_S3: proxy.url } });
  });
  afterAll(async () => {
    await lab.close();
    await proxy.close();
  });
  afterEach(() => proxy.limit(Infinity));

  /** Twenty-four files of 2 MB: two are fetched at once, sixteen are begun at once. Returns when the first bytes have come. */
  async function startSlowly(at: Lab, id: string): Promise<WorkflowHandle> {
    await at.corpus.add({
      id,
      project: at.project(id),
      files: Object.fromEntries(names.map((name) => [`${id}/${name}`, block])),
    });
    proxy.limit(1_500_000);
    const handle = await at.start(id);
    await until('one file is there', async () =>
      (await at.tree()).some((path) => /\/f\d\d$/.test(path) && path.startsWith(at.project(id))),
    );
    return handle;
  }

  /** Notes when the last byte from S3 has passed, while a test waits for something else. */
  function watchBytes(): { readonly atMs: () => number } {
    let [seen, atMs] = [proxy.bytesPassed(), Date.now()];
    const look = (): void => {
      if (proxy.bytesPassed() !== seen) [seen, atMs] = [proxy.bytesPassed(), Date.now()];
    };
    const timer = setInterval(look, 50);
    return {
      atMs: () => {
        clearInterval(timer);
        look();
        return atMs;
      },
    };
  }

  /** One file at least is there, one was cut off, one was never begun, and each of the others is one of these. */
  function expectStopped(files: Readonly<Record<string, string>>, reason: string): void {
    const statuses = Object.values(files);
    const endings = [DOWNLOADED, `FAILURE - Interrupted (${reason})`, `FAILURE - Not started (${reason})`];
    expect(statuses).toHaveLength(names.length);
    expect([...new Set(statuses)].toSorted()).toEqual(endings.toSorted());
  }

  async function expectRepaired(at: Lab, id: string): Promise<void> {
    proxy.limit(Infinity);
    const { failure, files } = await runRestore(at, id);
    expect(failure).toBeNull();
    expect(new Set(Object.values(files))).toEqual(new Set([SKIPPED, DOWNLOADED]));
    for (const name of names) expect(await at.holds(`${at.project(id)}/${id}/${name}`, block)).toBe(true);
    expect(await at.strays()).toEqual([]);
  }

  test('by a cancel stops within seconds, reports, and stays a cancelled one with its result', async () => {
    const handle = await startSlowly(lab, 'cancel');
    const lastByte = watchBytes();
    const askedAtMs = Date.now();
    await handle.cancel();
    expect((await endOf(handle)).failure?.type).toBe('CancelledFailure');
    // A requirement, not a measurement: a cancel stops the transfers within ten seconds.
    expect(lastByte.atMs() - askedAtMs).toBeLessThan(10_000);
    const { status, memo } = await handle.describe();
    expect(status.name).toBe('CANCELLED');
    const result = memo?.['result'] as RestoreResult;
    const { files } = await readRestored({ failure: null, result });
    expectStopped(files, 'cancelled');
    expect(await lab.tree()).not.toContain('.stowage');
    const watched = await stowage(lab, ['watch', handle.workflowId, '--json']);
    expect([watched.code, JSON.parse(watched.out).reports]).toEqual([130, result.reports]);
    await expectRepaired(lab, 'cancel');
  }, 90_000);

  test('by its time limit reports what is there and what is not, and ends as incomplete', async () => {
    const short = await openLab({ env: { AWS_ENDPOINT_URL_S3: proxy.url, RESTORE_TIMEOUT: '8s' } });
    const handle = await startSlowly(short, 'late');
    const { failure, ...ended } = await endOf(handle);
    expect(failure?.type).toBe('RestoreIncomplete');
    expect(failure?.message).toMatch(/^Stopped at the time limit\. \d+ of 24 files failed; reports: \//);
    expectStopped((await readRestored({ failure, ...ended })).files, 'deadline');
    expect((await stowage(short, ['watch', handle.workflowId])).code).toBe(6);
    await expectRepaired(short, 'late');
    await short.close();
  }, 90_000);

  test('by a terminate has no report, until somebody asks for it', async () => {
    const handle = await startSlowly(lab, 'end');
    await handle.terminate('test');
    const reportNames = async (): Promise<readonly string[]> =>
      (await lab.tree()).filter((path) => path.startsWith(`${lab.project('end')}/_download_status`));
    expect(await reportNames()).toEqual([]);
    const texts = (await lab.client.workflow.execute('restoreReport', {
      taskQueue: lab.taskQueue,
      workflowId: `${handle.workflowId}/report`,
      args: [{ workflow_id: handle.workflowId, paths: [] }],
    })) as ReportTexts;
    expect(texts.reports).toHaveLength(1);
    expect(texts.reports[0]?.truncated).toBe(false);
    expect(texts.reports[0]?.text).toMatch(/^end\/f\d\d: OK - Downloaded and verified \(1\.9 MB in /m);
    expect(texts.reports[0]?.text).toContain('end/f23: FAILURE - Not started (cancelled)\n');
    expect(await reportNames()).toHaveLength(2);
    expect(String(await lab.read((await reportNames())[1] ?? ''))).toBe(texts.reports[0]?.text);
    await expectRepaired(lab, 'end');
  }, 90_000);
});
