import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../dev/obtaining/lock.js';

let folder: string;
let lock: string;
const said: string[] = [];
const say = (line: string) => void said.push(line);
const noProcess = 2 ** 22 + 1;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-lock-'));
  lock = join(folder, 'locks', 'work');
  said.length = 0;
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('bodies under one lock run one after the other', async () => {
  const events: string[] = [];
  const body = (name: string) => async () => {
    events.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    events.push(`${name} ends`);
  };
  await Promise.all([withLock(lock, 'Work', say, body('a')), withLock(lock, 'Work', say, body('b'))]);
  expect(events.map((event) => event.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends']);
});

test('the lock is free again after a failure', async () => {
  await expect(withLock(lock, 'Work', say, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(lock, 'Work', say, async () => 'done')).toBe('done');
});

test('the lock of a dead process is taken over', async () => {
  await withLock(lock, 'Work', say, async () => undefined);
  await writeFile(lock, String(noProcess));
  expect(await withLock(lock, 'Work', say, async () => 'done')).toBe('done');
});

test('whoever waits for another process is told for which one', async () => {
  await withLock(lock, 'Work', say, async () => undefined);
  await writeFile(lock, String(process.ppid));
  const waiting = withLock(lock, 'Work', say, async () => 'done');
  setTimeout(() => void rm(lock), 400);
  expect(await waiting).toBe('done');
  expect(said).toEqual([`Work: waiting, process ${process.ppid} is at it (${lock})`]);
});
