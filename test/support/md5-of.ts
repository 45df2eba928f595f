/** Stores in memory ask for the MD5 of the same bytes again and again: each array is hashed once. It must not change. */
import { createHash } from 'node:crypto';

const known = new WeakMap<Uint8Array, string>();

export function md5Of(bytes: Uint8Array): string {
  const before = known.get(bytes);
  if (before !== undefined) return before;
  const digest = createHash('md5').update(bytes).digest('hex');
  known.set(bytes, digest);
  return digest;
}
