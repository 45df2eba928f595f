import { createHash } from 'node:crypto';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Everything below a folder with its inode, times and bytes: two equal states mean that nothing was touched. The times of folders,
 * which tell of files that came and went, are left out on request, for comparisons in which some may come.
 */
export async function treeState(
  folder: string,
  { folderTimes = true } = {},
): Promise<Readonly<Record<string, string>>> {
  const names: readonly string[] = await readdir(folder, { recursive: true }).catch(() => []);
  const state: Record<string, string> = {};
  for (const name of names.toSorted()) {
    const stats = await lstat(join(folder, name));
    const bytes = stats.isFile() ? await readFile(join(folder, name)) : '';
    const digest = createHash('sha1').update(bytes).digest('hex');
    const times = folderTimes || !stats.isDirectory() ? `${stats.mtimeMs} ${stats.size}` : '';
    state[name] = `${stats.ino} ${stats.mode} ${times} ${digest}`;
  }
  return state;
}
