import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { JobRef, RestoreResult } from '../../core/contract.js';
import { failDisk, healDisk } from '../support/failing-disk.js';
import type { World } from '../support/restore-world.js';

// Imported now, so that they get the disk that fails.
const { createRestoreActivities } = await import('../../activities/index.js');
const { fitIntoResult } = await import('../../activities/unwritten-reports.js');
const { openWorld, runActivity } = await import('../support/restore-world.js');
const { planJob, reportLines } = await import('../support/restore-job.js');

describe('a report that can be written nowhere', () => {
  let world: World;
  let ref: JobRef;
  beforeEach(async () => {
    world = await openWorld();
    world.addRawFile('sample', { 'a.raw': 'a' });
    const job = await planJob(world, 'sample', 'lost');
    ref = job.ref;
    failDisk(world.root, ({ path }) => (/\.stowage-report|_download_status/.test(path) ? 'EROFS' : null));
  });
  afterEach(async () => {
    healDisk();
    await world.close();
  });
  const rescue = (): Promise<RestoreResult | null> =>
    runActivity(() => createRestoreActivities(world.deps).rescueReport({ workflowId: 'lost' }));

  test('is written from what the job has left, once the disk takes it, and only then the rest goes', async () => {
    const request = { job: ref, stop: 'deadline', fullFilesystems: [] } as const;
    const lost = await runActivity(() => createRestoreActivities(world.deps).writeReport(request));
    expect(lost).toMatchObject({
      reports: [],
      unwritten_reports: [{ problem: expect.stringMatching('EROFS') }],
    });
    expect(await rescue()).toMatchObject({ reports: [], failures: lost.failures });
    expect(readdirSync(world.root)).toContain('.stowage');
    healDisk();
    const written = await rescue();
    expect(await reportLines(written as RestoreResult)).toEqual(['a.raw: FAILURE - Not started (deadline)']);
    expect(readdirSync(world.root)).toEqual(['P1']);
    expect(await rescue()).toBeNull();
  });
});

describe('the texts in a result', () => {
  const report = (text: string) => ({ destination: '/out', problem: 'EROFS', text });
  const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

  test('are whole where they fit', () => {
    const reports = [report('one\ntwo\n'), report('three\n')];
    expect(fitIntoResult(reports)).toEqual(reports);
  });

  test('are together no more than Temporal takes, are cut behind a line, and say so', () => {
    const line = `${'ü'.repeat(49)}\n`;
    const fitted = fitIntoResult([
      report(line.repeat(3000)),
      report(line.repeat(3000)),
      report(line.repeat(300)),
    ]);
    expect(bytesOf(fitted)).toBeLessThan(510_000);
    expect(fitted[0]?.text).toBe(line.repeat(3000));
    expect(fitted[1]?.text).toMatch(
      /^(ü{49}\n)+… cut here: \d+ of 3000 lines fit into the result of the job\n$/,
    );
    expect(fitted[2]?.text).toMatch(/… cut here: \d+ of 300 lines/);
  });
});
