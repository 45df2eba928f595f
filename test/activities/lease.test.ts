import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CancelledFailure } from '@temporalio/activity';
import { isHeldByAnother, withLease } from '../../activities/lease.js';
import { gate } from '../support/gate.js';

let folder: string;
let lock: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-lease-'));
  lock = join(folder, 'file.lock');
});
afterEach(() => rm(folder, { recursive: true }));

const as = (owner: string, changes: object = {}) => ({
  owner,
  signal: new AbortController().signal,
  touchMs: 20,
  staleMs: 150,
  pollMs: 10,
  ...changes,
});

describe('a lease', () => {
  test('names its holder while it is held, and is gone afterwards', async () => {
    const seen = await withLease(lock, as('one'), () => readFile(lock, 'utf8'));
    expect(seen).toMatch(/^[0-9a-f-]{36}\none$/);
    expect(await readdir(folder)).toEqual([]);
  });

  test('is released where the work fails', async () => {
    const failing = withLease(lock, as('one'), () => Promise.reject(new Error('work failed')));
    await expect(failing).rejects.toThrow('work failed');
    expect(await readdir(folder)).toEqual([]);
  });

  test('lets a second owner wait until the first has ended, however long that takes', async () => {
    const order: string[] = [];
    const first = withLease(lock, as('one'), async ({ waited }) => {
      order.push(`one in, waited ${waited}`);
      await sleep(400); // far longer than staleMs: the holder touches its lease
      order.push('one out');
    });
    await sleep(30);
    await withLease(lock, as('two'), async ({ waited }) => void order.push(`two in, waited ${waited}`));
    await first;
    expect(order).toEqual(['one in, waited false', 'one out', 'two in, waited true']);
  });

  test('of a silent holder is taken over', async () => {
    await writeFile(lock, 'killed');
    const startedMs = Date.now();
    const answer = await withLease(lock, as('two'), async ({ waited }) => ({
      waited,
      holder: await readFile(lock, 'utf8'),
    }));
    expect(answer).toEqual({ waited: true, holder: expect.stringMatching(/\ntwo$/) });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(150);
  });

  test('of a silent holder is taken over whatever its clock says', async () => {
    await writeFile(lock, 'killed');
    const tomorrow = new Date(Date.now() + 86_400_000);
    await utimes(lock, tomorrow, tomorrow);
    expect(await withLease(lock, as('two'), async () => 'taken')).toBe('taken');
  });

  test('is had at once by the owner that held it when it was killed', async () => {
    await writeFile(lock, 'one');
    const patient = as('one', { staleMs: 60_000, pollMs: 60_000 });
    expect(await withLease(lock, patient, async ({ waited }) => waited)).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  test('is had at once again by an owner of any name, also one of several lines', async () => {
    const owner = 'a job\nof two lines/run/0';
    await withLease(lock, as(owner), async () => {
      expect(await isHeldByAnother(lock, owner)).toBe(false);
      expect(await isHeldByAnother(lock, 'a job')).toBe(true);
    });
  });

  test('that was lost is noticed, and that of the new holder is left alone', async () => {
    await withLease(lock, as('one'), async ({ assertHeld }) => {
      await assertHeld();
      await writeFile(lock, 'two');
      await expect(assertHeld()).rejects.toThrow(`the lease ${lock} was taken over by two while one held it`);
    });
    expect(await readFile(lock, 'utf8')).toBe('two');
  });

  test('that vanished is noticed', async () => {
    await withLease(lock, as('one'), async ({ assertHeld }) => {
      await rm(lock);
      await expect(assertHeld()).rejects.toThrow('taken over by nobody');
    });
  });

  test('is had at once by the next try of its owner; the try before notices, and leaves the lock alone', async () => {
    const [taken, zombieEnded] = [gate(), gate()];
    const patient = as('one', { staleMs: 60_000, pollMs: 60_000 });
    const zombie = withLease(lock, as('one'), async ({ assertHeld }) => {
      await taken.opened;
      await assertHeld();
    });
    await sleep(20);
    const living = withLease(lock, patient, async ({ assertHeld }) => {
      taken.open();
      await zombieEnded.opened;
      await assertHeld();
    });
    await expect(zombie).rejects.toThrow('was taken over by a later try while one held it');
    zombieEnded.open();
    await living;
    expect(await readdir(folder)).toEqual([]);
  });

  test('waiting for one ends with a cancellation', async () => {
    await writeFile(lock, 'one');
    const cancel = new AbortController();
    const waiting = withLease(
      lock,
      as('two', { staleMs: 60_000, pollMs: 60_000, signal: cancel.signal }),
      async () => 'never',
    );
    setTimeout(() => cancel.abort(), 20);
    await expect(waiting).rejects.toThrow(CancelledFailure);
    expect(await readFile(lock, 'utf8')).toBe('one');
  });

  test('cannot be had where the folder is gone', async () => {
    await expect(withLease(join(folder, 'no/file.lock'), as('one'), async () => 'never')).rejects.toThrow(
      'ENOENT',
    );
  });
});

test('a file is held by another where the lock names somebody else', async () => {
  expect(await isHeldByAnother(lock, 'one')).toBe(false);
  await writeFile(lock, 'one');
  expect(await isHeldByAnother(lock, 'one')).toBe(false);
  expect(await isHeldByAnother(lock, 'two')).toBe(true);
});
