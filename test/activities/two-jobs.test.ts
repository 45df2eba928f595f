/** Steps that are repeated because their answer was lost, and two jobs that want the same file. */
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { NOT_FETCHED } from '../../core/contract.js';
import type { DownloadStep, VerifyStep } from '../../core/contract.js';
import { outcomeOf } from '../../activities/endings.js';
import type { HashPool } from '../../activities/hashing.js';
import { createRestoreActivities, createTransferActivities } from '../../activities/index.js';
import { makePlace } from '../../activities/local-paths.js';
import {
  BUCKET,
  START_MS,
  filesBelow,
  keyOf,
  openWorld,
  runActivity,
  silent,
} from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { leftovers, planJob, plannedFiles } from '../support/restore-job.js';

let world: World;
let restore: ReturnType<typeof createRestoreActivities>;
let transfers: ReturnType<typeof createTransferActivities>;
beforeEach(async () => {
  world = await openWorld();
  restore = createRestoreActivities(world.deps);
  transfers = createTransferActivities(world.deps);
  world.addRawFile('sample', { 'x.d/a.raw': 'right' });
});
afterEach(() => world.close());

/** A job that has checked S3 and the disk, and is about to download. */
async function aboutToDownload(): Promise<DownloadStep> {
  const job = await planJob(world, 'sample');
  const [file] = await plannedFiles(job);
  if (file === undefined) throw new Error('no file');
  const step = { job: job.ref, limits: job.limits, file };
  const checked = await runActivity(() => restore.s3EtagCheck(step));
  if (checked.kind !== 'right') throw new Error('S3 is not right');
  const found = await runActivity(() => restore.localCheck({ ...step, source: checked.source }));
  if (found.kind !== 'fetch') throw new Error('nothing to fetch');
  return { ...step, source: checked.source, local: found.local, before: NOT_FETCHED };
}
async function aboutToVerify(): Promise<VerifyStep> {
  const step = await aboutToDownload();
  const fetched = await runActivity(() => transfers.download(step));
  if (fetched.kind !== 'fetched') throw new Error('not fetched');
  return { ...step, transfer: fetched.transfer, lastTry: false };
}
const endingOf = (answer: { kind: string; outcome?: { ending: { code: string } } }): string =>
  answer.outcome?.ending.code ?? answer.kind;
const partOf = async ({ file }: DownloadStep): Promise<string> =>
  (await makePlace(file.destination, file.file)).part;

describe('a step that is repeated after its answer was lost', () => {
  test.each([
    [null, 'downloaded'],
    ['wrong', 'healed'],
  ])('verification, after its rename, says the same again (before: %j)', async (before, code) => {
    if (before !== null) await world.place('P1/x.d/a.raw', before);
    const step = await aboutToVerify();
    const first = await runActivity(() => restore.localVerify(step));
    expect(endingOf(first)).toBe(code);
    expect(await runActivity(() => restore.localVerify(step))).toEqual(first);
    expect(await world.read('P1/x.d/a.raw')).toBe('right');
  });

  test.each([null, 'wrong'])(
    'verification that has thrown wrong bytes away asks for them again (before: %j)',
    async (before) => {
      if (before !== null) await world.place('P1/x.d/a.raw', before);
      const step = await aboutToVerify();
      await writeFile(await partOf(step), 'flip!');
      expect(endingOf(await runActivity(() => restore.localVerify(step)))).toBe('again');
      expect(endingOf(await runActivity(() => restore.localVerify(step)))).toBe('again');
      expect(endingOf(await runActivity(() => restore.localVerify({ ...step, lastTry: true })))).toBe(
        'verification-failed',
      );
    },
  );

  test('a download fetches the file once more, and what it brings is right', async () => {
    const step = await aboutToVerify();
    expect(endingOf(await runActivity(() => transfers.download(step)))).toBe('fetched');
    expect(await readFile(await partOf(step), 'utf8')).toBe('right');
  });

  test('the plan is not made again, whatever the catalogue says by now', async () => {
    const first = await planJob(world, 'sample', 'restore-x');
    world.addRawFile('sample', { 'other.raw': 'right' });
    expect(await planJob(world, 'sample', 'restore-x')).toEqual(first);
  });

  test('the plan that another try writes in the same moment counts', async () => {
    const request = { args: ['sample'], workflowId: 'w', runId: 'r', startedAtMs: START_MS };
    const plans = await Promise.all([1, 2, 3].map(() => runActivity(() => restore.planRestore(request))));
    expect(plans.map(({ kind }) => kind)).toEqual(['planned', 'planned', 'planned']);
  });
});

describe('two jobs that want one file', () => {
  test('the second waits for the first, and skips what it has brought', async () => {
    const [one, two] = [await aboutToVerify(), await aboutToDownload()];
    const { lock } = await makePlace(one.file.destination, one.file.file);
    await writeFile(lock, 'the first job');
    const waiting = runActivity(() => transfers.download(two));
    await rename(await partOf(one), join(world.root, 'P1/x.d/a.raw'));
    await rm(lock);
    expect(endingOf(await waiting)).toBe('skipped');
  });

  test('the one that fails leaves the bytes alone that the other is fetching', async () => {
    const [one, two] = [await aboutToVerify(), await aboutToDownload()];
    const { lock } = await makePlace(one.file.destination, one.file.file);
    await writeFile(lock, `${one.job.workflowId}/${one.job.runId}/0`);
    world.store.remove(BUCKET, keyOf('sample', 'x.d/a.raw'));
    expect(endingOf(await runActivity(() => restore.s3EtagCheck(two)))).toBe('s3-missing');
    expect(endingOf(await runActivity(() => restore.localVerify(one)))).toBe('downloaded');
  });

  test('the one that fails does not delete what the other has healed', async () => {
    await world.place('P1/x.d/a.raw', 'wrong');
    const two = await aboutToDownload();
    expect(two.local).toBe('wrong');
    await world.place('P1/x.d/a.raw', 'right');
    world.store.failWith(() => ({ kind: 'problem', code: 'unavailable' }));
    const outcome = {
      index: 0,
      ending: { code: 'download-failed', cause: 'x' },
      bytes: 0,
      elapsedMs: 0,
      evidence: { s3Etag: null, localEtag: null, localMd5: null, versionId: null, attempts: 1, cause: null },
    } as const;
    await runActivity(() => restore.concludeFile({ ...two, outcome }));
    expect(await world.read('P1/x.d/a.raw')).toBe('right');
  });
});

describe('an ending that no step could write down', () => {
  const outcome = outcomeOf(0, { code: 'download-failed', cause: 'x' });
  const conclude = (step: DownloadStep, hashFile: HashPool['hashFile']) => {
    const hashes = { ...world.deps.hashes, hashFile };
    const { concludeFile } = createRestoreActivities({ ...world.deps, hashes });
    const environment = new MockActivityEnvironment({}, { logger: silent });
    const beats: unknown[] = [];
    environment.on('heartbeat', (details: unknown) => beats.push(details));
    return { environment, beats, run: () => environment.run(() => concludeFile({ ...step, outcome })) };
  };
  let step: DownloadStep;
  beforeEach(async () => {
    await world.place('P1/x.d/a.raw', 'wrong');
    step = await aboutToDownload();
  });

  test('tells Temporal that it lives while it reads the file, however long that takes', async () => {
    const { run, beats } = conclude(step, world.deps.hashes.hashFile);
    expect(await run()).toEqual(outcome);
    expect(beats.length).toBeGreaterThan(0);
    expect(await world.read('P1/x.d/a.raw')).toBeNull();
  });

  test('deletes nothing where it was cancelled before it knew', async () => {
    const { run, environment } = conclude(step, async (_, { signal }) => {
      environment.cancel();
      return signal.throwIfAborted() as never;
    });
    expect(await run()).toEqual(outcome);
    expect(await world.read('P1/x.d/a.raw')).toBe('wrong');
  });
});

describe('a folder that becomes a link while a file is under way', () => {
  const swap = async (): Promise<void> => {
    await rename(join(world.root, 'P1/x.d'), join(world.root, 'moved'));
    await mkdir(join(world.outside, 'x'), { recursive: true });
    await symlink(world.outside, join(world.root, 'P1/x.d'));
  };
  const writtenOutside = async (): Promise<readonly string[]> => filesBelow(world.outside);

  test('between download and verification: nothing is written through it', async () => {
    const step = await aboutToVerify();
    await swap();
    expect(endingOf(await runActivity(() => restore.localVerify(step)))).toBe('unsafe-path');
    expect(await writtenOutside()).toEqual([]);
  });

  test('between the reading of the bytes and their rename: nothing is written through it', async () => {
    const step = await aboutToVerify();
    const hashes = {
      ...world.deps.hashes,
      hashFile: async (...args: Parameters<typeof world.deps.hashes.hashFile>) => {
        const found = await world.deps.hashes.hashFile(...args);
        await swap();
        return found;
      },
    };
    const swapping = createRestoreActivities({ ...world.deps, hashes });
    expect(endingOf(await runActivity(() => swapping.localVerify(step)))).toBe('unsafe-path');
    expect(await writtenOutside()).toEqual([]);
  });
});

test('a download that is cancelled keeps what it has, and lets the file go', async () => {
  const step = await aboutToDownload();
  const { MockActivityEnvironment } = await import('@temporalio/testing');
  const environment = new MockActivityEnvironment({}, { logger: silent });
  world.store.failWith(({ operation }) => (operation === 'read' ? { kind: 'stall', bytes: 2 } : null));
  const running = environment.run(() => transfers.download(step));
  setTimeout(() => environment.cancel(), 100);
  await expect(running).rejects.toThrow('CANCELLED');
  expect((await leftovers(world)).filter((name) => name.endsWith('.lock'))).toEqual([]);
});
