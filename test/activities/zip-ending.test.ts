import { describe, expect, test } from '@jest/globals';
import { createZipActivities, createZipTransferActivities } from '../../activities/zip-activities.js';
import { runActivity } from '../support/restore-world.js';
import { attachmentsInput, createZipWorld, requestOf, runZip } from '../support/zip-world.js';
import type { ZipWorld } from '../support/zip-world.js';

describe('a ZIP that an operator has under the same key', () => {
  const input = { objects: [{ uri: 's3://src/a' }], output: 's3://out/all.zip', on_error: 'fail' };
  const target = { bucket: 'out', key: 'all.zip' };

  /** A world where an earlier job of the same input has made the ZIP. */
  const worldWithZip = async (): Promise<ZipWorld> => {
    const world = createZipWorld();
    world.zips.seed('src', 'a', Buffer.from('a'));
    expect(await runZip(world, input)).toMatchObject({ kind: 'completed' });
    return world;
  };
  const run = async (world: ZipWorld) => {
    const steps = createZipActivities(world.deps);
    const planned = await runActivity(() => steps.planZip(requestOf(input)));
    if (planned.kind !== 'planned') throw new Error('not planned');
    const { ref: job } = planned.job;
    await runActivity(() => createZipTransferActivities(world.deps).zipAppend({ job, segment: 0 }));
    return { steps, job };
  };

  test('outlives a job that fails when all is built, and one that is aborted', async () => {
    const world = await worldWithZip();
    const before = world.zips.bytesOf(target);
    const { steps, job } = await run(world);
    world.zips.failWith((operation) => (operation === 'complete' ? 'before' : null));
    expect(await runActivity(() => steps.zipComplete(job))).toMatchObject({ kind: 'refused' });
    await steps.abortZip(job);
    expect([world.zips.bytesOf(target), world.zips.uploads()]).toEqual([before, []]);
  });

  test('is not taken for the ZIP of a job whose upload is gone', async () => {
    const world = await worldWithZip();
    const { steps, job } = await run(world);
    world.zips.failWith((operation) => (operation === 'complete' ? 'before' : null));
    await runActivity(() => steps.zipComplete(job));
    world.zips.failWith(() => null);
    await world.zips.abort(target, job.uploadId);
    expect(await runActivity(() => steps.zipComplete(job))).toEqual({
      kind: 'refused',
      type: 'StorageError',
      message: 's3://out/all.zip: its upload is gone',
    });
  });

  test('is not removed where it was completed by another job a moment after ours', async () => {
    const world = await worldWithZip();
    const { steps, job } = await run(world);
    await runActivity(() => steps.zipComplete(job));
    world.zips.seed('out', 'all.zip', Buffer.from('of another'));
    await steps.abortZip(job);
    expect(world.zips.keys('out')).toEqual(['all.zip']);
  });
});

describe('the same input', () => {
  test('gives the same bytes, whenever it is run: no time in the ZIP is that of the job', async () => {
    const world = createZipWorld();
    world.zips.seed('src', 'a', Buffer.from('a'));
    const ids = [world.add('without a time', Buffer.from('x'), { createdAtMs: null })];
    for (const input of [
      { prefix: 's3://src/', output: 's3://out/all.zip' },
      attachmentsInput(world, ids, { on_error: 'skip' }),
    ]) {
      const zips = [];
      for (const startedAtMs of [1_763_700_000_000, 1_795_236_000_000]) {
        const outcome = await runZip(world, input, { startedAtMs });
        if (outcome.kind !== 'completed') throw new Error(outcome.message);
        zips.push(Buffer.from(world.zips.bytesOf(outcome.job.target) ?? []).toString('hex'));
      }
      expect(zips[1]).toBe(zips[0]);
    }
  });
});
