/**
 * One writer for each file. A lock file beside the target names its holder, and which try of his; the holder touches it while it
 * works. Another job that wants the same file waits until it is released, or until its holder has been silent for too long to
 * be alive. The next try of the same job takes the lock over at once: the try before is dead, or a zombie that must notice.
 */
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
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
  /** Throws where the lease was lost, to another job or to a later try of this one: to be asked before each write. */
  readonly assertHeld: () => Promise<void>;
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
  const mark = `${randomUUID()}\n${options.owner}`;
  const waited = await acquire(lock, mark, options);
  const timer = setInterval(() => void touch(lock), options.touchMs ?? TOUCH_MS);
  try {
    return await body({ waited, assertHeld: () => assertHeld(lock, mark) });
  } finally {
    clearInterval(timer);
    if ((await holderOf(lock)) === mark) await rm(lock, { force: true });
  }
}

async function assertHeld(lock: string, mark: string): Promise<void> {
  const holder = await holderOf(lock);
  if (holder === mark) return;
  const [owner, other] = [ownerOf(mark), holder === null ? 'nobody' : ownerOf(holder)];
  const by = other === owner ? 'a later try' : other;
  throw new Error(`the lease ${lock} was taken over by ${by} while ${owner} held it`);
}

/** Whether somebody else is working on the file: then its unverified bytes are theirs. */
export async function isHeldByAnother(lock: string, owner: string): Promise<boolean> {
  const holder = await holderOf(lock);
  return holder !== null && ownerOf(holder) !== owner;
}

async function acquire(
  lock: string,
  mark: string,
  { owner, signal, ...times }: LeaseOptions,
): Promise<boolean> {
  let waited = false;
  let seen = { state: '', sinceMs: Date.now() };
  while (!(await tryCreate(lock, mark))) {
    const [holder, state] = [await holderOf(lock), await stateOf(lock)];
    if (holder !== null && ownerOf(holder) === owner) {
      await takeOver(lock, mark);
      return waited;
    }
    if (state !== seen.state) seen = { state, sinceMs: Date.now() };
    // Not the file's age: the clocks of two hosts differ. What counts is how long *we* have seen it untouched.
    if (Date.now() - seen.sinceMs > (times.staleMs ?? STALE_MS)) await takeAway(lock, state);
    waited = true;
    await sleep(times.pollMs ?? POLL_MS, undefined, { signal }).catch(() => {
      throw new CancelledFailure('cancelled while another job held the file');
    });
  }
  return waited;
}

async function tryCreate(lock: string, mark: string): Promise<boolean> {
  let handle;
  try {
    handle = await open(lock, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    await handle.writeFile(mark);
    return true;
  } catch (error) {
    // A full disk: a lease without a name on it would keep everybody waiting.
    await rm(lock, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Puts the own mark in the place of an earlier try's: there is no moment without a lock. */
async function takeOver(lock: string, mark: string): Promise<void> {
  const draft = `${lock}.${randomUUID()}`;
  try {
    await writeFile(draft, mark, { flag: 'wx' });
    await rename(draft, lock);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Removes a dead holder's lease, but not the one that another waiter has put in its place meanwhile. */
async function takeAway(lock: string, deadState: string): Promise<void> {
  const aside = `${lock}.${randomUUID()}`;
  await rename(lock, aside).catch(() => undefined);
  if (![deadState, ''].includes(await stateOf(aside))) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
}

const holderOf = (lock: string): Promise<string | null> => readFile(lock, 'utf8').catch(() => null);

/** A mark is the try and, behind its line, the owner, whose name may hold anything: a workflow id may. */
const ownerOf = (mark: string): string => mark.slice(mark.indexOf('\n') + 1);

const stateOf = async (lock: string): Promise<string> => {
  const stats = await stat(lock).catch(() => null);
  return stats === null ? '' : `${stats.ino} ${stats.mtimeMs}`;
};

const touch = (lock: string): Promise<void> => utimes(lock, new Date(), new Date()).catch(() => undefined);
