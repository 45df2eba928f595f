import { open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY_PREFIX } from '../../core/paths.js';
import { humanBytes } from '../../core/units.js';
import { fail, ok, warn, type Finding, type Subject } from './finding.js';

/** Less than this is hardly one raw file. */
const LITTLE_SPACE = 1024 ** 3;

/** Exists, is a folder, takes a file and gives it back, has room. */
export async function checkOutputFolder(path: string): Promise<readonly Finding[]> {
  const subject = { name: 'Output folder', address: path };
  try {
    if (!(await stat(path)).isDirectory())
      return [
        fail(
          subject,
          'settings',
          'is not a folder',
          'correct locations.output.absolute_path in the settings file',
        ),
      ];
    await writeAndRemove(join(path, `${TEMPORARY_PREFIX}doctor-${process.pid}`));
    return [await freeSpace(subject, path)];
  } catch (error) {
    return [explain(subject, (error as NodeJS.ErrnoException).code ?? String(error))];
  }
}

async function writeAndRemove(probe: string): Promise<void> {
  const handle = await open(probe, 'wx');
  try {
    await handle.writeFile('stowage doctor looks whether it may write here\n');
    await handle.sync();
  } finally {
    await handle.close();
    await rm(probe, { force: true });
  }
}

async function freeSpace(subject: Subject, path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  if (free >= LITTLE_SPACE) return ok(subject, `writable, ${humanBytes(free)} free`);
  return warn(
    subject,
    `writable, only ${humanBytes(free)} free`,
    'make room: restores need a tenth more than their files',
  );
}

const TODO: Readonly<Record<string, string>> = {
  ENOENT: 'create or mount it, or correct locations.output.absolute_path in the settings file',
  EACCES: 'let the user of the worker write there',
  EPERM: 'let the user of the worker write there',
  EROFS: 'mount it writable',
  ENOSPC: 'make room on its filesystem',
  EDQUOT: "raise the quota of the worker's user, or make room",
  ESTALE: 'mount the network share again',
};

const explain = (subject: Subject, code: string): Finding =>
  fail(
    subject,
    'other',
    `cannot be written (${code})`,
    TODO[code] ?? 'see what the system log says about this filesystem',
  );
