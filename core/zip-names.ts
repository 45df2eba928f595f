/**
 * Names of entries: first safe on every system that may unpack the ZIP, then unique on every one. Names come from people and
 * from S3 keys, and may be anything.
 */
import { utf8Bytes } from './paths.js';

/** `flat`: no folders, of a path only its last component; `folders`: components between `/` stay. */
export type NameShape = 'flat' | 'folders';

/** Longer names cannot be created on the usual file systems. */
const MAX_NAME_BYTES = 255;

/** What is longer than this after a dot is a sentence, not an extension. */
const MAX_EXTENSION_BYTES = 32;

const UNNAMED = 'unnamed';

/** Embeddings, overrides and isolates: `gpj.exe` can look like `exe.jpg` with them. */
const BIDI_CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;

/** Half characters, control characters, line ends, and what Windows forbids. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}<>:"|?*\\/]/gu;

/** Windows drops these silently, so that two names become one. */
const TRAILING = /[\s.]+$/;

/** A name of which nothing is to be seen is none. */
const INVISIBLE = /^[\s.\p{Default_Ignorable_Code_Point}]*$/u;

/** Devices on Windows, with any extension, also with blanks before it; ¹²³ count as digits there. */
const RESERVED = /^(?:CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³]|CONIN\$|CONOUT\$)\s*(?:\.|$)/i;

/** Most names: plain letters, digits and signs, nothing at an edge that a system drops. They need no closer look. */
const PLAIN = /^(?:[\w()-](?:[\w .()-]*[\w()-])?\/)*[\w()-](?:[\w .()-]*[\w()-])?$/;
const RESERVED_SOMEWHERE = /(?:^|\/)(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])\s*(?:[./]|$)/i;

const isPlain = (name: string, shape: NameShape): boolean =>
  name.length <= MAX_NAME_BYTES &&
  PLAIN.test(name) &&
  !(shape === 'flat' && name.includes('/')) &&
  !RESERVED_SOMEWHERE.test(name);

/** A safe form of any name; the same for a name that is safe already. */
export function safeName(name: string, shape: NameShape): string {
  return isPlain(name, shape) ? name : madeSafe(name, shape);
}

/** The same by the long way. */
export function madeSafe(name: string, shape: NameShape): string {
  const components = name
    .split(shape === 'flat' ? /[\\/]/ : '/')
    .map(safeComponent)
    .filter((component) => component !== '');
  return (shape === 'flat' ? components.slice(-1) : components).join('/') || UNNAMED;
}

/** Empty where nothing is left, as of `..`. */
function safeComponent(component: string): string {
  // Half characters first: without what was between them, two could become a whole one.
  const visible = component.replace(/\p{Cs}/gu, '_').replace(BIDI_CONTROLS, '');
  if (INVISIBLE.test(visible)) return '';
  const plain = visible.trim().replace(FORBIDDEN, '_').replace(TRAILING, '');
  const [stem, extension] = splitExtension(unreserved(plain));
  return unreserved(fitted(stem, extension));
}

const unreserved = (name: string): string => (RESERVED.test(name) ? `_${name}` : name);

/** At the last dot: `my.file.tar.gz` → `my.file.tar`, `.gz`; a name that begins with its only dot has no extension. */
function splitExtension(name: string): readonly [stem: string, extension: string] {
  const dot = name.lastIndexOf('.');
  const extension = name.slice(dot);
  return dot <= 0 || utf8Bytes(extension) > MAX_EXTENSION_BYTES
    ? [name, '']
    : [name.slice(0, dot), extension];
}

/** stem + ending, the stem cut so that both fit. */
function fitted(stem: string, ending: string): string {
  const room = MAX_NAME_BYTES - utf8Bytes(ending);
  return utf8Bytes(stem) <= room ? stem + ending : cut(stem, room).replace(TRAILING, '') + ending;
}

/** The longest beginning of whole characters with at most so many bytes. */
function cut(text: string, maxBytes: number): string {
  let [bytes, units] = [0, 0];
  for (const char of text) {
    bytes += utf8Bytes(char);
    if (bytes > maxBytes) break;
    units += char.length;
  }
  return text.slice(0, units);
}

/**
 * Safe and unique names in the order of the files: `document.pdf`, `document (2).pdf`, `document (3).pdf`. Two names are equal
 * if any usual file system takes them for one: case, Unicode form and invisible characters do not count. No file gets the name
 * of a folder, nor one of `reserved`.
 */
export function entryNames(
  names: readonly string[],
  shape: NameShape,
  reserved: readonly string[] = [],
): readonly string[] {
  const safe = names.map((name) => safeName(name, shape));
  const taken = new Set(reserved.map(fold));
  for (const folder of allFolders(safe)) taken.add(fold(folder));
  const nextNumbers = new Map<string, number>();
  return safe.map((name) => {
    const unique = firstFree(name, taken, nextNumbers);
    taken.add(fold(unique));
    return unique;
  });
}

/** All folders, each once: those above a folder that was met before are there already. */
function allFolders(paths: readonly string[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    let end = path.lastIndexOf('/');
    while (end > 0 && !folders.has(path.slice(0, end))) {
      folders.add(path.slice(0, end));
      end = path.lastIndexOf('/', end - 1);
    }
  }
  return folders;
}

/** `nextNumbers` remembers where the last search for such a name ended: ten thousand equal names take ten thousand steps. */
function firstFree(name: string, taken: ReadonlySet<string>, nextNumbers: Map<string, number>): string {
  const key = fold(name);
  if (!taken.has(key)) return name;
  for (let number = nextNumbers.get(key) ?? 2; ; number += 1) {
    const candidate = numbered(name, number);
    nextNumbers.set(key, number + 1);
    if (!taken.has(fold(candidate))) return candidate;
  }
}

function numbered(path: string, number: number): string {
  const slash = path.lastIndexOf('/') + 1;
  const [stem, extension] = splitExtension(path.slice(slash));
  return path.slice(0, slash) + fitted(stem, ` (${number})${extension}`);
}

/** Equal for names that some file system takes for one. Upper case first: `ß` and `ſ` have no other way to `ss` and `s`. */
export const fold = (name: string): string => (ASCII.test(name) ? name.toLowerCase() : foldAny(name));

const ASCII = /^[\x20-\x7e]*$/;

const foldAny = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD');
