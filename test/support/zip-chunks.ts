/** Bytes for test ZIPs: real ones, or a run of zeros that takes no memory and, in a file with holes, no disk. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { crc32Combine } from '../../core/crc32.js';

export type Chunk = Uint8Array | { readonly zeros: number };

export const chunkBytes = (chunk: Chunk): number =>
  chunk instanceof Uint8Array ? chunk.length : chunk.zeros;

export const totalBytes = (chunks: readonly Chunk[]): number =>
  chunks.reduce((sum, chunk) => sum + chunkBytes(chunk), 0);

export const sliceChunk = (chunk: Chunk, from: number, to: number): Chunk =>
  chunk instanceof Uint8Array ? chunk.subarray(from, to) : { zeros: to - from };

export const chunkCrc32 = (chunk: Chunk): number =>
  chunk instanceof Uint8Array ? crc32(chunk) : zerosCrc32(chunk.zeros);

function zerosCrc32(count: number): number {
  if (count < 4096) return crc32(new Uint8Array(count));
  const half = Math.floor(count / 2);
  const ofHalf = zerosCrc32(half);
  const even = crc32Combine(ofHalf, ofHalf, half);
  return count % 2 === 0 ? even : crc32Combine(even, crc32(new Uint8Array(1)), 1);
}

/** Writes chunks one after the other; zeros become holes. */
export function writeChunks(path: string, chunks: readonly Chunk[]): void {
  const file = openSync(path, 'w');
  let at = 0;
  for (const chunk of chunks) {
    if (chunk instanceof Uint8Array)
      for (let done = 0; done < chunk.length;)
        done += writeSync(file, chunk, done, chunk.length - done, at + done);
    at += chunkBytes(chunk);
  }
  ftruncateSync(file, at);
  closeSync(file);
}
