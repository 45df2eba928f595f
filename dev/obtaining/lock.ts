import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Say } from './cache.js';

const pollMs = 300;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function tryToTake(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * The process that holds the lock; undefined when it is gone, or died between creating the file and writing
 * to it.
 */
async function liveHolder(path: string): Promise<number | undefined> {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''));
  return pid > 0 && isAlive(pid) ? pid : undefined;
}

async function take(path: string, onWait: (pid: number) => void): Promise<void> {
  let told = false;
  while (!(await tryToTake(path))) {
    const holder = await liveHolder(path);
    await sleep(pollMs);
    if (holder === undefined) {
      // Asked twice, because a lock that was taken this instant is still empty.
      if ((await liveHolder(path)) === undefined) await rm(path, { force: true });
    } else if (!told && holder !== process.pid) {
      told = true;
      onWait(holder);
    }
  }
}

/**
 * Runs `body` while no other process runs one under the same lock file. A lock whose holder is dead is taken
 * over. Two processes that do so in the same instant may both get it; what is done under a lock here survives
 * that (a program is made twice and renamed into place, a second server finds its database in use and says
 * so).
 */
export async function withLock<T>(
  path: string,
  purpose: string,
  say: Say,
  body: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  await take(path, (pid) => say(`${purpose}: waiting, process ${pid} is at it (${path})`));
  try {
    return await body();
  } finally {
    await rm(path, { force: true });
  }
}
