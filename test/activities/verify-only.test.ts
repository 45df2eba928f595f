import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openWorld } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { planJob, restoreAll } from '../support/restore-job.js';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

const line = async (input: unknown = 'sample'): Promise<string> =>
  (await restoreAll(world, input)).lines.join('\n');

describe('verify only', () => {
  const verify = { raw_file_ids: 'sample', verify_only: true };

  test.each([
    ['right', 'OK - Verified (verify only)'],
    ['wrong', 'FAILURE - Local file is wrong (verify only)'],
    [null, 'FAILURE - Local file is missing (verify only)'],
  ])('%j is: %s', async (local, status) => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    if (local !== null) await world.place('P1/a.raw', local);
    expect(await line(verify)).toBe(`a.raw: ${status}`);
    expect(await world.read('P1/a.raw')).toBe(local);
    expect(world.store.bytesRequested()).toBe(0);
  });

  test('needs no free space', async () => {
    const entries = world.addRawFile('sample', { 'a.raw': 'right' });
    entries['a.raw'] = [5e15, null, entries['a.raw']?.[2]];
    world.addRawFile('sample2', { 'b.raw': 'right' });
    const job = await planJob(world, { ...verify, raw_file_ids: 'sample,sample2' });
    expect(job.rawFilesRefused).toBe(0);
  });
});
