import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { bucketOf, noise } from '../../dev/corpus.js';
import { startFlakyProxy } from '../support/flaky-proxy.js';
import type { FlakyProxy } from '../support/flaky-proxy.js';
import { endOf, openLab } from '../support/lab.js';
import type { Lab, LabOptions } from '../support/lab.js';
import { DOWNLOADED, HEALED, SKIPPED, readRestored, runRestore } from '../support/run-restore.js';
import { until } from '../support/until.js';

const MB = 1_048_576;

describe('over a bad network', () => {
  let proxy: FlakyProxy;
  let lab: Lab;
  const bytes = noise(24 * MB, 'network');
  const openBehindProxy = (options: LabOptions = {}): Promise<Lab> =>
    openLab({
      ...options,
      env: {
        AWS_ENDPOINT_URL_S3: proxy.url,
        TRANSFER_STALL_TIMEOUT: '2s',
        TRANSFER_PARALLEL_PARTS: '2',
        ...options.env,
      },
    });
  beforeAll(async () => {
    proxy = await startFlakyProxy(process.env['AWS_ENDPOINT_URL_S3'] ?? '');
    lab = await openBehindProxy();
  });
  afterAll(async () => {
    await lab.close();
    await proxy.close();
  });
  afterEach(async () => {
    proxy.limit(Infinity);
    proxy.inject({ kind: 'refuse', times: 0 });
    expect(await lab.strays()).toEqual([]);
  });

  /** Three parts of 8 MB: three ranges. */
  async function add(id: string, at: Lab = lab): Promise<string> {
    const project = at.project(id);
    await at.corpus.add({ id, project, files: { [id]: bytes }, chunkMb: 8 });
    return project;
  }

  test('a body that is cut goes on from where it was cut', async () => {
    const project = await add('cut');
    const [passedBefore, rangesBefore, struckBefore] = [
      proxy.bytesPassed(),
      proxy.ranges.length,
      proxy.struck(),
    ];
    proxy.inject({ kind: 'cut', afterBytes: 5 * MB, times: 3 });
    const { failure, files, reports } = await runRestore(lab, 'cut');
    expect(failure).toBeNull();
    expect(files).toEqual({ cut: DOWNLOADED });
    expect(await lab.holds(`${project}/cut`, bytes)).toBe(true);
    expect(proxy.struck() - struckBefore).toBe(3);
    expect(proxy.ranges.length - rangesBefore).toBe(3 + 3);
    // What came before a cut is kept but for what was still in the sockets.
    expect(proxy.bytesPassed() - passedBefore).toBeLessThan(bytes.length + 3 * 3 * MB);
    expect(reports[0]?.json.raw_files[0]?.files[0]?.attempts).toBe(1);
  });

  test('a body that stalls is given up and goes on', async () => {
    const project = await add('stall');
    const before = proxy.struck();
    proxy.inject({ kind: 'stall', afterBytes: 5 * MB, times: 2 });
    expect((await runRestore(lab, 'stall')).files).toEqual({ stall: DOWNLOADED });
    expect(proxy.struck() - before).toBe(2);
    expect(await lab.holds(`${project}/stall`, bytes)).toBe(true);
  });

  test('a server that is too busy for a while is asked again', async () => {
    const project = await add('busy');
    const before = proxy.struck();
    proxy.inject({ kind: 'refuse', times: 4 });
    expect((await runRestore(lab, 'busy')).files).toEqual({ busy: DOWNLOADED });
    expect(proxy.struck() - before).toBe(4);
    expect(await lab.holds(`${project}/busy`, bytes)).toBe(true);
  });

  test('a flipped bit is found, and the file is fetched again', async () => {
    const project = await add('flip');
    const before = proxy.struck();
    proxy.inject({ kind: 'flip', afterBytes: 5 * MB });
    const { failure, files, reports } = await runRestore(lab, 'flip');
    expect(proxy.struck() - before).toBe(1);
    expect(failure).toBeNull();
    expect(files).toEqual({ flip: DOWNLOADED });
    expect(reports[0]?.json.raw_files[0]?.files[0]?.attempts).toBe(2);
    expect(await lab.holds(`${project}/flip`, bytes)).toBe(true);
  });

  test('bits flipped every time: the wrong bytes are never under the name, nor is the wrong local file', async () => {
    const project = await add('flips');
    await lab.write(`${project}/flips`, noise(bytes.length, 'wrong'));
    proxy.inject({ kind: 'flip', afterBytes: 5 * MB, times: Infinity });
    const { failure, files } = await runRestore(lab, 'flips');
    expect(failure?.type).toBe('RestoreIncomplete');
    expect(files).toEqual({ flips: 'FAILURE - Download verification failed' });
    expect((await lab.tree()).filter((path) => path.startsWith(`${project}/f`))).toEqual([]);
    proxy.inject({ kind: 'refuse', times: 0 });
    expect((await runRestore(lab, 'flips')).files).toEqual({ flips: DOWNLOADED });
  });

  test('a server that is never there fails the file; a wrong local one is put aside where the settings say so', async () => {
    const other = await openBehindProxy({ restore: { keep_corrupted: true }, env: { RESTORE_RETRIES: '0' } });
    const project = await add('never', other);
    await other.write(`${project}/never`, 'wrong');
    proxy.inject({ kind: 'refuse', times: Infinity });
    const { failure, files } = await runRestore(other, 'never');
    expect(failure?.type).toBe('RestoreIncomplete');
    expect(files['never']).toMatch(/^FAILURE - Download failed \(.*503/);
    const names = (await other.tree()).filter((path) => path.startsWith(`${project}/never`));
    expect(names).toEqual([expect.stringMatching(/\/never\.corrupted-\d{8}T\d{6}Z$/)]);
    expect(String(await other.read(names[0] ?? ''))).toBe('wrong');
    proxy.inject({ kind: 'refuse', times: 0 });
    expect((await runRestore(other, 'never')).files).toEqual({ never: DOWNLOADED });
    expect(await other.strays()).toEqual([]);
    await other.close();
  }, 90_000);

  test('an object that changes in the middle is not mixed with the one before', async () => {
    const project = await add('changes');
    await lab.write(`${project}/changes`, 'left alone, because S3 is the broken side');
    proxy.limit(8 * MB);
    const passed = proxy.bytesPassed();
    const handle = await lab.start('changes');
    await until('some bytes have come', () => proxy.bytesPassed() > passed + 2 * MB);
    await lab.corpus.put(bucketOf(project), 'changes', noise(bytes.length, 'another object'));
    proxy.limit(Infinity);
    const { files } = await readRestored(await endOf(handle));
    expect(files).toEqual({ changes: 'FAILURE - S3 object changed during download' });
    expect(String(await lab.read(`${project}/changes`))).toBe('left alone, because S3 is the broken side');
  });

  test('two jobs that want one file in the same second both end with it, and with a report each', async () => {
    const project = await add('two');
    await lab.write(`${project}/two`, noise(bytes.length, 'wrong'));
    proxy.limit(16 * MB);
    const runs = await Promise.all([lab.restore('two'), lab.restore('two')]);
    for (const run of runs) {
      const { failure, files } = await readRestored(run);
      expect(failure).toBeNull();
      expect([HEALED, SKIPPED]).toContain(files['two']);
    }
    expect(new Set(runs.flatMap(({ result }) => result.reports)).size).toBe(2);
    expect(await lab.holds(`${project}/two`, bytes)).toBe(true);
  });
});
