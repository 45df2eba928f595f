import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { programPath } from './cache.js';
import { downloadFile } from './download.js';
import type { Way } from './recipe.js';
import { runCommand } from './run-command.js';

async function findFile(folder: string, name: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = entries.find((entry) => entry.isFile() && entry.name === name);
  if (found === undefined) throw new Error(`the archive holds no file named ${name}`);
  return join(found.parentPath, name);
}

async function fetchAndUnpack(name: string, url: string, folder: string): Promise<string> {
  const archive = join(folder, 'release.tar.gz');
  const unpacked = join(folder, 'unpacked');
  await downloadFile(url, archive);
  await mkdir(unpacked);
  await runCommand('tar', ['-xzf', archive, '-C', unpacked]);
  await mkdir(join(folder, 'bin'));
  await rename(await findFile(unpacked, name), programPath(folder, name));
  return `downloaded from ${url}`;
}

/** The program out of the .tar.gz that its makers published for this system. */
export function releaseArchive(name: string, url: string): Way {
  return { name: `download of ${url}`, make: (folder) => fetchAndUnpack(name, url, folder) };
}
