/**
 * One writer for each file. A lock file beside the target names its holder; the holder touches it while it works. Another job
 * that wants the same file waits until it is released, or until its holder has been silent for too long to be alive.
 */
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/activity';

export interface LeaseOptions {
  /** The same for every try of one job's file, so that a killed worker's lease is taken over at once. */
  readonly owner: string;
  readonly signal: AbortSignal;
  readonly touchMs?: number;
  readonly staleMs?: number;
  readonly pollMs?: number;
}

export interface Lease {
  /** True where another job held the file first: what is on disk may have changed meanwhile. */
  readonly waited: boolean;
}

const TOUCH_MS = 5000;
/** Three heartbeat time-outs: a holder that has not touched its lease for this long was killed. */
const STALE_MS = 90_000;
const POLL_MS = 500;

/** Runs `body` as the only writer of the file that `lock` stands for, and releases the lease whatever happens. */
export async function withLease<T>(
  lock: string,
  options: LeaseOptions,
  body: (lease: Lease) => Promise<T>,
): Promise<T> {
  const waited = await acquire(lock, options);
  const timer = setInterval(() => void touch(lock), options.touchMs ?? TOUCH_MS);
  try {
    return await body({ waited });
  } finally {
    clearInterval(timer);
    if ((await holderOf(lock)) === options.owner) await rm(lock, { force: true });
  }
}

/** Throws where the lease was lost to another job: checked before each range is written. */
export async function assertHeld(lock: string, owner: string): Promise<void> {
  const holder = await holderOf(lock);
  if (holder !== owner)
    throw new Error(`the lease ${lock} was taken over by ${holder ?? 'nobody'} while ${owner} held it`);
}

/** Whether somebody else is working on the file: then its unverified bytes are theirs. */
export async function isHeldByAnother(lock: string, owner: string): Promise<boolean> {
  const holder = await holderOf(lock);
  return holder !== null && holder !== owner;
}

async function acquire(lock: string, { owner, signal, ...times }: LeaseOptions): Promise<boolean> {
  let waited = false;
  let seen = { mark: '', sinceMs: Date.now() };
  while (!(await tryCreate(lock, owner))) {
    const [holder, mark] = [await holderOf(lock), await markOf(lock)];
    if (holder === owner) return waited;
    if (mark !== seen.mark) seen = { mark, sinceMs: Date.now() };
    // Not the file's age: the clocks of two hosts differ. What counts is how long *we* have seen it untouched.
    if (Date.now() - seen.sinceMs > (times.staleMs ?? STALE_MS)) await takeAway(lock, mark);
    waited = true;
    await sleep(times.pollMs ?? POLL_MS, undefined, { signal }).catch(() => {
      throw new CancelledFailure('cancelled while another job held the file');
    });
  }
  return waited;
}

async function tryCreate(lock: string, owner: string): Promise<boolean> {
  let handle;
  try {
    handle = await open(lock, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    await handle.writeFile(owner);
    return true;
  } catch (error) {
    // A full disk: a lease without a name on it would keep everybody waiting.
    await rm(lock, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Removes a dead holder's lease, but not the one that another waiter has put in its place meanwhile. */
async function takeAway(lock: string, deadMark: string): Promise<void> {
  const aside = `${lock}.${randomUUID()}`;
  await rename(lock, aside).catch(() => undefined);
  if (![deadMark, ''].includes(await markOf(aside))) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
}

const holderOf = (lock: string): Promise<string | null> => readFile(lock, 'utf8').catch(() => null);

const markOf = async (lock: string): Promise<string> => {
  const stats = await stat(lock).catch(() => null);
  return stats === null ? '' : `${stats.ino} ${stats.mtimeMs}`;
};

const touch = (lock: string): Promise<void> => utimes(lock, new Date(), new Date()).catch(() => undefined);
