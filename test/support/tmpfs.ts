/** A small filesystem of its own, for tests of a full disk; only root may mount one. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Tmpfs {
  unmount(): Promise<void>;
}

/** Null, with the reason on standard error, where this machine does not allow it. */
export async function mountTmpfs(path: string, size: string): Promise<Tmpfs | null> {
  await mkdir(path, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  } catch (error) {
    process.stderr.write(`skipped, no tmpfs can be mounted here: ${(error as Error).message.trim()}\n`);
    return null;
  }
  return { unmount: async () => void (await run('umount', [path])) };
}
