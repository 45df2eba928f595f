/** Large entries that are deflated: as a stream, because neither they nor what becomes of them fits into memory. */
import { Readable, pipeline } from 'node:stream';
import { crc32, createDeflateRaw } from 'node:zlib';
import { EMPTY_CRC32 } from '../core/crc32.js';
import { localHeader } from '../core/zip-format.js';
import { concat } from '../core/zip-records.js';
import type { DeflateSegment } from '../core/zip-segments.js';
import { readingOf, sendPart, sizedEntry } from './zip-builder.js';
import type { Builder } from './zip-builder.js';
import { readChunks } from './zip-read.js';
import type { PlannedEntry, RecordedEntry, WrittenPart } from './zip-work.js';

const CHUNK_BYTES = 256 * 1024;

/** The deflated bytes as they come; `seen` has the CRC32 of what was read. */
async function* deflatedChunks(
  builder: Builder,
  entry: PlannedEntry,
  seen: { crc32: number },
): AsyncGenerator<Uint8Array> {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    const whole = { from: 0, to: entry.sizeBytes };
    for await (const chunk of readChunks(readingOf(builder, entry), whole)) {
      seen.crc32 = crc32(chunk, seen.crc32);
      builder.onBytes(chunk.length);
      yield chunk;
    }
  };
  const deflate = createDeflateRaw({ chunkSize: CHUNK_BYTES });
  // An error of either stream reaches the loop below; the callback only keeps it from being unhandled.
  pipeline(Readable.from(source(), { objectMode: false }), deflate, () => undefined);
  yield* deflate as AsyncIterable<Uint8Array>;
}

type Packed = Omit<RecordedEntry, 'place'>;

/** Deflates an entry into memory; it must be known to fit. */
export async function deflateInto(
  builder: Builder,
  entry: PlannedEntry,
  target: Uint8Array,
): Promise<Packed> {
  const seen = { crc32: EMPTY_CRC32 };
  let packedBytes = 0;
  for await (const chunk of deflatedChunks(builder, entry, seen)) {
    if (packedBytes + chunk.length > target.length)
      throw new Error(`an entry deflates to more than the ${target.length} bytes that it had before`);
    target.set(chunk, packedBytes);
    packedBytes += chunk.length;
  }
  return { method: 'deflate', crc32: seen.crc32, packedBytes };
}

/** What became of a large entry: its first bytes, which wait for its header, and its further parts. */
export interface DeflatedEntry {
  readonly recorded: RecordedEntry;
  readonly header: Uint8Array;
  readonly first: Uint8Array;
  readonly further: readonly WrittenPart[];
}

/** Deflates an entry into parts of `partBytes`, the last of them up to twice as large; the first is handed back. */
export async function deflateIntoParts(
  builder: Builder,
  { firstPart, parts, partBytes }: DeflateSegment,
  entry: PlannedEntry,
): Promise<DeflatedEntry> {
  const seen = { crc32: EMPTY_CRC32 };
  const further: WrittenPart[] = [];
  let first: Uint8Array | null = null;
  let packedBytes = 0;
  for await (const piece of cut(deflatedChunks(builder, entry, seen), partBytes)) {
    packedBytes += piece.length;
    if (first === null) first = piece;
    else further.push(await sendPart(builder, firstPart + further.length + 1, piece));
    if (further.length >= parts) throw new Error(`an entry deflates to more than ${parts} parts`);
  }
  const packed: Packed = { method: 'deflate', crc32: seen.crc32, packedBytes };
  const header = localHeader({ ...sizedEntry(builder, entry), ...packed });
  return {
    recorded: { place: entry.place, ...packed },
    header,
    first: first ?? new Uint8Array(),
    further,
  };
}

/** Pieces of exactly `bytes`, but the last, which has at least as many, unless it is the only one. */
async function* cut(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes < 2 * bytes) continue;
    const all = concat(waiting);
    yield all.subarray(0, bytes);
    // A copy, so that the large array can go.
    waiting = [all.slice(bytes)];
    waitingBytes -= bytes;
  }
  yield concat(waiting);
}
