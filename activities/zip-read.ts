/** Reading pinned objects for a ZIP: what breaks goes on where it broke. */
import { crc32 } from 'node:zlib';
import { EMPTY_CRC32, crc32Combine } from '../core/crc32.js';
import { MEBIBYTE } from '../core/units.js';
import type { ByteRange } from '../core/zip-segments.js';
import { forEachAtOnce } from './in-flight.js';
import { StoreProblem, type ObjectStore, type PinnedObject } from './ports.js';
import type { Pause } from './back-off.js';

const RETRIES = 4;
const FIRST_DELAY_MS = 200;
/** A body that broke after so much was worth its while: the count of tries begins anew. */
const WORTH_BYTES = MEBIBYTE;

/** What is read, and how it is given up. */
export interface Reading {
  readonly store: ObjectStore;
  readonly object: PinnedObject;
  readonly signal: AbortSignal;
  readonly pause: Pause;
}

/** The bytes of a range as they come, each once; throws `unavailable` after the last retry, anything else at once. */
export async function* readChunks(
  { store, object, signal, pause }: Reading,
  { from, to }: ByteRange,
): AsyncGenerator<Uint8Array> {
  let [position, retry, begunAt] = [from, 0, from];
  while (position < to) {
    begunAt = position;
    try {
      const body = await store.readRange(object, position, to, signal);
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        if (chunk.length > to - position)
          throw new StoreProblem('unavailable', `more than ${to - from} bytes came`);
        position += chunk.length;
        yield chunk;
      }
      if (position < to) throw new StoreProblem('unavailable', `${to - position} bytes are missing`);
    } catch (error) {
      retry = position - begunAt >= WORTH_BYTES ? 0 : retry + 1;
      if (!(error instanceof StoreProblem) || error.code !== 'unavailable' || retry > RETRIES) throw error;
      await pause(FIRST_DELAY_MS * 2 ** retry * (0.5 + Math.random() / 2), signal);
    }
  }
}

/** Reads a range to the beginning of `target`. */
export async function readInto(reading: Reading, range: ByteRange, target: Uint8Array): Promise<void> {
  let at = 0;
  for await (const chunk of readChunks(reading, range)) {
    target.set(chunk, at);
    at += chunk.length;
  }
}

const CRC_RANGE_BYTES = 16 * MEBIBYTE;

/** The CRC32 of a range, read in pieces side by side and put together; `onBytes` hears of every chunk. */
export async function crcOfRange(
  reading: Reading,
  { from, to }: ByteRange,
  parallel: number,
  onBytes: (bytes: number) => void,
): Promise<number> {
  const count = Math.ceil((to - from) / CRC_RANGE_BYTES);
  const pieces = Array.from({ length: count }, (_, at) => ({
    from: from + at * CRC_RANGE_BYTES,
    to: Math.min(to, from + (at + 1) * CRC_RANGE_BYTES),
  }));
  const crcs: number[] = [];
  await forEachAtOnce(pieces.entries(), parallel, reading.signal, async ([at, piece]) => {
    let crc = EMPTY_CRC32;
    for await (const chunk of readChunks(reading, piece)) {
      crc = crc32(chunk, crc);
      onBytes(chunk.length);
    }
    crcs[at] = crc;
  });
  return pieces.reduce(
    (crc, piece, at) => crc32Combine(crc, crcs[at] ?? 0, piece.to - piece.from),
    EMPTY_CRC32,
  );
}
