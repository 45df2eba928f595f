import { createHash } from 'node:crypto';
import { openDiskReader } from './disk-blocks.js';

export interface HashedRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** The MD5 of a range of a file, hex. Reads the next block while it hashes this one; `blocks` are two pieces of memory. */
export async function md5OfRange(
  { path, start, end }: HashedRange,
  blocks: readonly [Uint8Array, Uint8Array],
  onBytes: (bytes: number) => void,
): Promise<string> {
  const reader = await openDiskReader(path);
  const hash = createHash('md5');
  let [block, other] = blocks;
  let coming: Promise<Uint8Array> = reader.read(block, start, end);
  try {
    for (let position = start; position < end;) {
      const bytes = await coming;
      if (bytes.length === 0) throw new Error(`${path}: wanted ${end} bytes, found ${position}`);
      position += bytes.length;
      [block, other] = [other, block];
      if (position < end) coming = reader.read(block, position, end);
      hash.update(bytes);
      onBytes(bytes.length);
    }
    return hash.digest('hex');
  } finally {
    // The memory is used again by the next range: no read may be under way.
    await coming.catch(() => {});
    await reader.close();
  }
}
