/** What the report counts: every byte that was fetched and all the time it took, however often a file was tried. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTransferActivities } from '../../activities/index.js';
import type { RestoreDeps } from '../../activities/deps.js';
import { readRecorded } from '../../activities/outcome-lines.js';
import type { FileOutcome } from '../../core/outcome.js';
import { MEBIBYTE } from '../../core/units.js';
import { START_MS, openWorld, runActivity } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { asSmallPage, finish, planJob, restoreAll } from '../support/restore-job.js';

const PART = 8 * MEBIBYTE;
let world: World;
/** A second goes by with each request for bytes. */
let clockMs = START_MS;
/** Throws where the test wants the n-th request for bytes to fail. */
let failAt: (read: number, start: number) => void;

beforeEach(async () => {
  world = await openWorld();
  clockMs = START_MS;
  failAt = () => undefined;
});
afterEach(() => world.close());

function counting(): World {
  let reads = 0;
  const readRange: typeof world.store.readRange = async (object, start, end, signal) => {
    clockMs += 1000;
    failAt((reads += 1), start);
    return world.store.readRange(object, start, end, signal);
  };
  const deps: RestoreDeps = {
    ...world.deps,
    store: { ...world.store, readRange },
    parallelParts: 1,
    nowMs: () => clockMs,
  };
  return { ...world, deps };
}

describe('bytes and seconds', () => {
  test('of downloads that were wrong every time are those of all of them', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    world.store.failWith(({ operation }) => (operation === 'read' ? { kind: 'flip', bytes: 2 } : null));
    const { result, lines } = await restoreAll(counting(), 'sample', 'wrong');
    expect(lines).toEqual(['a.raw: FAILURE - Download verification failed']);
    expect(result.bytes_downloaded).toBe(2 * 5);
    expect(await numbersOf(result.reports[0])).toEqual({ bytes: 10, seconds: 2, attempts: 2 });
  });

  test('of a download that is given up are those that came', async () => {
    world.addRawFile('sample', { 'a.raw': Buffer.alloc(2.5 * PART) }, { partSizeBytes: PART });
    failAt = (_, start) => {
      if (start > 0) throw new Error('out of the blue');
    };
    const { result } = await restoreAll(counting(), 'sample');
    expect(result.bytes_downloaded).toBe(PART);
    expect(await numbersOf(result.reports[0])).toEqual({ bytes: PART, seconds: 3, attempts: 2 });
  });

  test('of a download that another try ended are those of both tries', async () => {
    world.addRawFile('sample', { 'a.raw': Buffer.alloc(2.5 * PART) }, { partSizeBytes: PART });
    failAt = (read) => {
      if (read === 2) throw new Error('out of the blue');
    };
    const { result, lines } = await restoreAll(counting(), 'sample');
    expect(lines).toEqual(['a.raw: OK - Downloaded and verified (20.0 MB in 4.0s)']);
    expect(result.bytes_downloaded).toBe(2.5 * PART);
  });

  test('of a small file are counted in the same way', async () => {
    world.addRawFile('sample', { 'a.raw': 'right' });
    world.store.failWith(({ operation }) => (operation === 'read' ? { kind: 'flip', bytes: 2 } : null));
    const job = await planJob(world, 'sample');
    await asSmallPage(job);
    const { restorePage } = createTransferActivities(counting().deps);
    const step = { job: job.ref, limits: job.limits, page: 0, fullFilesystems: [] };
    expect(await runActivity(() => restorePage(step))).toMatchObject({ failed: 1, bytesDownloaded: 10 });
    const [outcome] = (await readRecorded(job.ref.folder)).outcomes.values();
    expect(outcome).toMatchObject({ bytes: 10, elapsedMs: 2000 } satisfies Partial<FileOutcome>);
    expect((await finish(world, job)).result.bytes_downloaded).toBe(10);
  });
});

/** Of the one file of the JSON report beside a text report. */
async function numbersOf(path = ''): Promise<object> {
  const text = await world.read(path.slice(world.root.length + 1).replace(/txt$/, 'json'));
  const report = JSON.parse(text ?? '') as { raw_files: { files: Record<string, unknown>[] }[] };
  const { bytes, seconds, attempts } = report.raw_files[0]?.files[0] ?? {};
  return { bytes, seconds, attempts };
}
