/**
 * A disk that fails where a test wants it to: an errno at the n-th change below one folder. It replaces functions of
 * node:fs/promises, so whatever imports that module statically must be imported dynamically after this one.
 */
import fs from 'node:fs';

export interface DiskChange {
  /** As in an errno error: `open`, `write`, `fsync`, `rename`, … */
  readonly syscall: string;
  readonly path: string;
}

type Call = (...args: readonly unknown[]) => Promise<unknown>;
type Faulty = Record<string, Call>;

let below: string | null = null;
let errnoOf: (change: DiskChange, at: number) => string | null = () => null;
let changes: DiskChange[] = [];

/** Asks before each change below a folder whether it fails, and with which errno. `at` counts from 0. */
export function failDisk(folder: string, faultOf: (change: DiskChange, at: number) => string | null): void {
  [below, errnoOf, changes] = [folder, faultOf, []];
}

/** The disk is well again; tells every change that was tried since it was not. */
export function healDisk(): readonly DiskChange[] {
  below = null;
  return changes;
}

/** Throws where the test wants this change to fail. */
function change(syscall: string, path: string): void {
  if (below === null || !path.startsWith(below)) return;
  const tried = { syscall, path };
  changes.push(tried);
  const code = errnoOf(tried, changes.length - 1);
  if (code !== null)
    throw Object.assign(new Error(`${code}: ${syscall} '${path}' (failing disk)`), { ...tried, code });
}

const WRITING = fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT;
const opensForWriting = (flags: unknown): boolean =>
  typeof flags === 'string' ? /[wa+]/.test(flags) : typeof flags === 'number' && (flags & WRITING) !== 0;

const PATH_CALLS = {
  appendFile: 'write',
  writeFile: 'write',
  mkdir: 'mkdir',
  rename: 'rename',
  link: 'link',
  rm: 'unlink',
};
const HANDLE_CALLS = {
  write: 'write',
  writeFile: 'write',
  appendFile: 'write',
  sync: 'fsync',
  datasync: 'fdatasync',
  truncate: 'ftruncate',
};

const promises = fs.promises as unknown as Faulty;
for (const [name, syscall] of Object.entries(PATH_CALLS)) {
  const real = promises[name] as Call;
  promises[name] = async (...args) => {
    change(syscall, String(args[0]));
    return real.apply(fs.promises, [...args]);
  };
}

const realOpen = promises['open'] as Call;
promises['open'] = async (...args) => {
  const [path, flags] = [String(args[0]), args[1]];
  if (opensForWriting(flags)) change('open', path);
  const handle = (await realOpen.apply(fs.promises, [...args])) as Faulty;
  for (const [name, syscall] of Object.entries(HANDLE_CALLS)) {
    const real = handle[name] as Call;
    handle[name] = async (...rest) => {
      change(syscall, path);
      return real.apply(handle, [...rest]);
    };
  }
  return handle;
};
