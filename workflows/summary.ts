import { utf8Bytes } from '../core/paths.js';

const MAX_BYTES = 190;

/** A path as the Web UI can show it beside an activity: at most 200 bytes, its end kept, because there the name is. */
export function summaryOf(path: string): string {
  if (utf8Bytes(path) <= MAX_BYTES) return path;
  let tail = path;
  while (utf8Bytes(tail) > MAX_BYTES - 3) tail = [...tail].slice(1).join('');
  return `…${tail}`;
}
