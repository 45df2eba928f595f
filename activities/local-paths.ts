/**
 * Where a file goes on disk, and that it stays there: every path is resolved on the disk at the time of writing, and all
 * work is done below the resolved folder, so that a symbolic link cannot lead a write out of the destination.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, open, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { TEMPORARY_PREFIX } from '../core/paths.js';
import { makeFolder } from './make-folder.js';

/** The names of one file and of its temporary companions, all in the same (resolved) folder. */
export interface LocalPlace {
  readonly final: string;
  /** Bytes that are not verified yet. */
  readonly part: string;
  /** Which ranges of `part` are complete. */
  readonly journal: string;
  /** Held by the one job that may write. */
  readonly lock: string;
}

/** A path that would leave its destination. */
export class UnsafePath extends Error {
  override readonly name = 'UnsafePath';
}

/** Resolves a file's place without creating anything; null where its folder does not exist. */
export async function findPlace(destination: string, file: string): Promise<LocalPlace | null> {
  try {
    return await contain(destination, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Resolves a file's place, creating the folders it needs one by one.
 * @throws UnsafePath where a symbolic link leads outside; errno errors (ENOTDIR, EACCES, …) as they are.
 */
export async function makePlace(destination: string, file: string): Promise<LocalPlace> {
  await makeFolder(destination);
  const folders = file.split('/').slice(0, -1);
  for (const depth of folders.keys()) {
    const below = folders.slice(0, depth + 1);
    await contain(destination, join(...below));
    await mkdir(join(destination, ...below)).catch(ignore('EEXIST'));
  }
  return contain(destination, file);
}

const ignore =
  (code: string) =>
  (error: NodeJS.ErrnoException): void => {
    if (error.code !== code) throw error;
  };

async function contain(destination: string, file: string): Promise<LocalPlace> {
  const root = await realpath(destination);
  const folder = await realpath(dirname(join(root, file)));
  if (folder !== root && !folder.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new UnsafePath(`${file} would be written to ${folder}, outside ${root}`);
  const final = join(folder, basename(file));
  await refuseForeignLink(final, root);
  const name = createHash('sha256').update(basename(file)).digest('hex').slice(0, 16);
  const companion = (extension: string): string => join(folder, `${TEMPORARY_PREFIX}${name}.${extension}`);
  return { final, part: companion('part'), journal: companion('journal'), lock: companion('lock') };
}

/** A link at the file's own name is followed only within the destination. */
async function refuseForeignLink(final: string, root: string): Promise<void> {
  const stats = await lstat(final).catch(() => null);
  if (!stats?.isSymbolicLink()) return;
  const target = await realpath(final).catch(() => null);
  if (target === null || !target.startsWith(root + sep))
    throw new UnsafePath(`${final} is a symbolic link that leads outside ${root}`);
}

/** Makes a rename or removal in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network filesystems have no fsync for folders; the rename itself is done.
    if (!['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  } finally {
    await handle.close();
  }
}

/** Removes the unverified bytes of a file and their journal. */
export async function removeParts(place: LocalPlace): Promise<void> {
  await rm(place.part, { force: true });
  await rm(place.journal, { force: true });
}
