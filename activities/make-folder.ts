import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates a folder and those above it. Node's own recursive mkdir spins for ever where a filesystem says "no such file" inside a
 * folder that exists, as automounted ones do.
 */
export async function makeFolder(path: string, retries = 3): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    const above = dirname(path);
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' || above === path || retries === 0) throw error;
    await makeFolder(above);
    // Another job may be making the folders above at this moment, or removing them because it has ended.
    await makeFolder(path, retries - 1);
  }
}

/** A folder that is there already, also behind a link or made by another at this moment, is as good as new. */
async function makeOne(path: string): Promise<void> {
  await mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
    const stats = error.code === 'ENOENT' ? null : await stat(path).catch(() => null);
    if (!stats?.isDirectory()) throw error;
  });
}
