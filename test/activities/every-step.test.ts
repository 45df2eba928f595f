/**
 * Fail at every step: S3 fails at its n-th request, the disk at its n-th change, for n = 0, 1, 2 … until nothing is left to
 * fail. Whatever happens, no wrong byte is ever under a file's name, every file has one line, and no line claims too much.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { PlannedJob } from '../../core/contract.js';
import { failDisk, healDisk } from '../support/failing-disk.js';
import type { Fault } from '../support/fake-object-store.js';
import type { World } from '../support/restore-world.js';
import type { Finished } from '../support/restore-job.js';

// Imported now, so that they get the disk that fails.
const { createTransferActivities } = await import('../../activities/index.js');
const { openWorld, runActivity } = await import('../support/restore-world.js');
const { asSmallPage, finish, leftovers, planJob, plannedFiles, restoreOne } =
  await import('../support/restore-job.js');

const RIGHT = {
  'new.raw': 'the new bytes',
  'x.d/wrong.raw': 'the right bytes',
  'x.d/good.raw': 'good already',
  'empty.raw': '',
};
const BEFORE = { 'x.d/wrong.raw': 'the wrong bytes', 'x.d/good.raw': 'good already' };
type Name = keyof typeof RIGHT;
const NAMES = Object.keys(RIGHT) as readonly Name[];

async function prepare(): Promise<World> {
  const world = await openWorld();
  world.addRawFile('sample', RIGHT);
  mkdirSync(join(world.root, 'P1/x.d'), { recursive: true });
  for (const [name, content] of Object.entries(BEFORE)) writeFileSync(join(world.root, 'P1', name), content);
  return world;
}

type Way = (world: World, job: PlannedJob) => Promise<Finished>;

const oneByOne: Way = async (world, job) => {
  for (const file of await plannedFiles(job)) await restoreOne(world, job, file);
  return finish(world, job);
};

const asPage: Way = async (world, job) => {
  await asSmallPage(job);
  const { restorePage } = createTransferActivities(world.deps);
  const page = await runActivity(() =>
    restorePage({ job: job.ref, limits: job.limits, page: 0, fullFilesystems: [] }),
  );
  return finish(world, job, page.fullFilesystems);
};

/** What must hold however the run has gone. Returns whether every file is right. */
async function check(world: World, { lines, result }: Finished): Promise<boolean> {
  expect(lines.map((line) => line.replace(/: (OK|FAILURE) - .*/, '')).toSorted()).toEqual(
    [...NAMES].toSorted(),
  );
  for (const name of NAMES) {
    const line = lines.find((one) => one.startsWith(`${name}: `)) ?? '';
    const isOk = line.startsWith(`${name}: OK - `);
    const content = await world.read(`P1/${name}`);
    const allowed = isOk
      ? [RIGHT[name]]
      : [RIGHT[name], (BEFORE as Partial<typeof RIGHT>)[name] ?? null, null];
    expect(allowed).toContain(content);
    if (line.includes('Self-healed')) expect(name).toBe('x.d/wrong.raw');
  }
  expect(lines.join('\n')).not.toContain('no outcome was recorded');
  const failed = lines.filter((line) => line.includes(': FAILURE - ')).length;
  expect(result).toMatchObject({ files: NAMES.length, failed, successful: NAMES.length - failed });
  expect(result.status).toBe(failed === 0 ? 'SUCCESS' : 'PARTIAL FAILURE');
  expect((await leftovers(world)).filter((name) => name.endsWith('.lock'))).toEqual([]);
  return failed === 0;
}

/** Runs with a fault at n = 0, 1, 2 … until n is beyond the last thing that could fail. */
async function failEverywhere(
  way: Way,
  faultAt: (world: World, n: number) => () => boolean,
): Promise<number> {
  for (let n = 0; ; n += 1) {
    const world = await prepare();
    const job = await planJob(world, 'sample');
    const wasReached = faultAt(world, n);
    try {
      const finished = await way(world, job);
      healDisk();
      const allRight = await check(world, finished);
      if (wasReached()) continue;
      expect(allRight).toBe(true);
      return n;
    } catch (error) {
      throw new Error(`n = ${n}: ${(error as Error).message}`, { cause: error });
    } finally {
      healDisk();
      await world.close();
    }
  }
}

const ways: readonly (readonly [string, Way])[] = [
  ['one by one', oneByOne],
  ['as a page', asPage],
];

describe.each(ways)('files restored %s', (_, way) => {
  test.each<[string, Fault]>([
    ['cannot be reached', { kind: 'problem', code: 'unavailable' }],
    ['denies access', { kind: 'problem', code: 'denied' }],
    ['has lost the object', { kind: 'problem', code: 'missing' }],
    ['has another object', { kind: 'problem', code: 'changed' }],
    ['cuts the body', { kind: 'cut', bytes: 3 }],
    ['sends too little', { kind: 'short', bytes: 3 }],
    ['sends too much', { kind: 'long', bytes: 3 }],
    ['flips a bit', { kind: 'flip', bytes: 3 }],
  ])('S3 %s at its n-th request', async (_what, fault) => {
    const requests = await failEverywhere(way, (world, n) => {
      world.store.failWith(({ call }) => (call === n ? fault : null));
      return () => world.store.requests.length > n;
    });
    expect(requests).toBe(NAMES.length + 2);
  });

  test.each(['ENOSPC', 'EIO'])('the disk says %s at its n-th change', async (errno) => {
    const changes = await failEverywhere(way, (world, n) => {
      let reached = false;
      const { root } = world;
      failDisk(join(root, 'P1'), ({ syscall, path }, at) => {
        reached ||= at === n;
        // A lock that cannot be removed stays, of course: it is taken over (lease.test.ts).
        return at === n && !(syscall === 'unlink' && path.endsWith('.lock')) ? errno : null;
      });
      return () => reached;
    });
    expect(changes).toBeGreaterThan(20);
  });

  test('the disk says ENOSPC from its n-th change on', async () => {
    const changes = await failEverywhere(way, (world, n) => {
      let reached = false;
      failDisk(join(world.root, 'P1'), ({ syscall }, at) => {
        reached ||= at >= n;
        return at >= n && syscall !== 'unlink' ? 'ENOSPC' : null;
      });
      return () => reached;
    });
    expect(changes).toBeGreaterThan(20);
  });

  test.each(['ENOSPC', 'EIO'])(
    'the disk says %s once, at the n-th note about the job itself',
    async (errno) => {
      const changes = await failEverywhere(way, (world, n) => {
        let reached = false;
        let notes = -1;
        failDisk(join(world.root, '.stowage'), ({ path }) => {
          if (!path.includes('outcomes-') && !path.includes('reports.jsonl')) return null;
          if (path.endsWith('outcomes-plan.jsonl')) return null;
          notes += 1;
          reached ||= notes === n;
          return notes === n ? errno : null;
        });
        return () => reached;
      });
      expect(changes).toBeGreaterThan(8);
    },
  );
});
