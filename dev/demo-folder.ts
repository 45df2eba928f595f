import { open, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Corpus, FileSource } from './corpus.js';

/** Backs up everything in a folder of the user's, each entry as a raw file. Returns their ids. */
export async function addFolder(
  corpus: Corpus,
  folder: string,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const entry of await readdir(resolve(folder), { withFileTypes: true })) {
    const path = join(resolve(folder), entry.name);
    const paths = entry.isDirectory() ? await filesBelow(path) : entry.isFile() ? [path] : [];
    if (paths.length === 0) continue;
    say(`Backing up ${entry.name} (${paths.length} files) …`);
    const files = await Promise.all(
      paths.map(async (one) => [one.slice(resolve(folder).length + 1), await sourceOf(one)] as const),
    );
    await corpus.add({ id: basename(path), project: 'DEMO', files: Object.fromEntries(files) });
    ids.push(basename(path));
  }
  if (ids.length === 0)
    throw new Error(`There are no files in ${resolve(folder)}; expected some to back up and restore.`);
  return ids;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Reads a file piece by piece: it may be larger than memory. */
async function sourceOf(path: string): Promise<FileSource> {
  const { size } = await stat(path);
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    const handle = await open(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  };
  return { sizeBytes: size, read };
}
