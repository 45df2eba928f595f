/**
 * Which names from the catalogue may become names on disk. The catalogue's paths come from instrument folders and are
 * opaque (blanks, umlauts, anything), but none may leave its destination or be another file's folder.
 */

/** The length of a text in UTF-8. */
export const utf8Bytes = (text: string): number => {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) < 0x80) continue;
    const codePoint = text.codePointAt(at) ?? 0;
    bytes += utf8Length(codePoint) - 1;
    // Two units of four bytes: the second one is counted already.
    if (codePoint > 0xffff) [at, bytes] = [at + 1, bytes - 1];
  }
  return bytes;
};

const utf8Length = (codePoint: number): number =>
  codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;

/** POSIX NAME_MAX: a longer component can never be created. */
const MAX_COMPONENT_BYTES = 255;

/** The folder below the output root in which jobs keep their plans; no project may have its name. */
export const WORK_FOLDER = '.stowage';

/** Names of our own temporary files begin with this; a catalogue entry may not. */
export const TEMPORARY_PREFIX = '.stowage-';

const isSafeComponent = (component: string): boolean =>
  component !== '' &&
  component !== '.' &&
  component !== '..' &&
  !component.includes('\0') &&
  utf8Bytes(component) <= MAX_COMPONENT_BYTES;

/** Whether a relative path from the catalogue stays inside its destination by its name alone (symbolic links are checked on disk). */
export function isSafeRelativePath(path: string): boolean {
  if (/^[\\/]/.test(path) || /^[A-Za-z]:[\\/]/.test(path)) return false;
  // A backslash is a legal character in a POSIX name, but `..\x` is somebody's attack on another system.
  if (path.split(/[\\/]/).includes('..')) return false;
  const components = path.split('/');
  return components.every(isSafeComponent) && !(components.at(-1) ?? '').startsWith(TEMPORARY_PREFIX);
}

/** Whether a project id is one plain folder name. */
export const isSafeProjectId = (projectId: string): boolean =>
  isSafeComponent(projectId) && !/[\\/]/.test(projectId) && projectId !== WORK_FOLDER;

/** A file that wants a place on disk: `path` is absolute, `label` is what people know it by. */
export interface PathClaim {
  readonly path: string;
  readonly label: string;
}

/**
 * Finds files that would stand in each other's way: two on one path, or one where another needs a folder.
 * Returns, by place in the list, the label of the (first) other file.
 */
export function findCollisions(claims: readonly PathClaim[]): ReadonlyMap<number, string> {
  const holders = new Map<string, number>();
  const collisions = new Map<number, string>();
  const collide = (one: number, other: number): void => {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const)
      if (!collisions.has(from)) collisions.set(from, claims[to]?.label ?? '');
  };
  claims.forEach(({ path }, at) => {
    const holder = holders.get(path);
    if (holder === undefined) holders.set(path, at);
    else collide(holder, at);
  });
  claims.forEach(({ path }, at) => {
    for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
      const holder = holders.get(path.slice(0, cut));
      if (holder !== undefined) collide(holder, at);
    }
  });
  return collisions;
}
