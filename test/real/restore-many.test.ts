import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noise } from '../../dev/corpus.js';
import { addMany } from '../support/add-many.js';
import { endOf, openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { DOWNLOADED, readRestored } from '../support/run-restore.js';

describe('a raw file of thousands of files', () => {
  let lab: Lab;
  let project = '';
  const block = noise(64 + 3_000, 'ten thousand');
  const files = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, at) => [`t.d/${at % 100}/f${at}`, block.subarray(at, at + 64)]),
  );
  beforeAll(async () => {
    lab = await openLab();
    project = lab.project('tenthousand');
    await lab.corpus.add({ id: 'first', project, files: {} });
    await addMany(lab, 'ten', project, files);
  }, 120_000);
  afterAll(() => lab.close());

  test('comes back whole in one run of few events', async () => {
    const handle = await lab.start('ten');
    const { failure, result, files: statuses } = await readRestored(await endOf(handle));
    expect(failure).toBeNull();
    expect(result).toMatchObject({ files: 3_000, successful: 3_000, bytes_downloaded: 192_000 });
    expect(new Set(Object.values(statuses))).toEqual(new Set([DOWNLOADED]));
    for (const at of [0, 99, 100, 1500, 2999]) {
      const name = `t.d/${at % 100}/f${at}`;
      expect(await lab.holds(`${project}/${name}`, files[name] ?? new Uint8Array())).toBe(true);
    }
    expect((await lab.tree()).filter((path) => /^[^/]+\/t\.d\/\d+\/f\d+$/.test(path))).toHaveLength(3_000);
    const { historyLength, historySize } = await handle.describe();
    process.stderr.write(`3,000 files: ${historyLength} events, ${historySize} bytes of history\n`);
    expect(historyLength).toBeLessThan(10_000);
    expect(historySize).toBeLessThan(5 * 1_048_576);
    expect(await lab.strays()).toEqual([]);
    // About a minute where two cores are shared with others; more where they are busy.
  }, 300_000);
});
