/** Large stored entries: copied inside S3, so that only their first bytes pass through a worker; sent where S3 does not copy. */
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { EMPTY_CRC32, crc32Combine } from '../core/crc32.js';
import type { ByteRange, CopySegment } from '../core/zip-segments.js';
import { forEachAtOnce } from './in-flight.js';
import { ofUpload, readingOf } from './zip-builder.js';
import type { Builder } from './zip-builder.js';
import { crcOfRange, readChunks, readInto } from './zip-read.js';
import type { PlannedEntry, WrittenPart } from './zip-work.js';

const COPIES_AT_ONCE = 4;

export interface CopiedEntry {
  readonly crc32: number;
  readonly parts: readonly WrittenPart[];
}

/** Copies all ranges of an entry into their parts and reads its head into `head`. */
export async function copyEntry(
  builder: Builder,
  { firstPart, headBytes, copies }: CopySegment,
  entry: PlannedEntry,
  head: Uint8Array,
): Promise<CopiedEntry> {
  const { deps, signal } = builder;
  const whole = await deps.zips.wholeCrc32(entry, signal);
  await readInto(readingOf(builder, entry), { from: 0, to: headBytes }, head);
  builder.onBytes(headBytes);
  const placed: Placed[] = [];
  await forEachAtOnce(copies.entries(), COPIES_AT_ONCE, signal, async ([at, range], together) => {
    placed[at] = await place(
      { ...builder, signal: together },
      entry,
      range,
      firstPart + 1 + at,
      whole === null,
    );
  });
  const crc = copies.reduce(
    (sum, { from, to }, at) => crc32Combine(sum, placed[at]?.crc32 ?? 0, to - from),
    crc32(head),
  );
  return { crc32: whole ?? crc, parts: placed.map(({ part }) => part) };
}

interface Placed {
  readonly part: WrittenPart;
  /** Null where nobody needs it. */
  readonly crc32: number | null;
}

async function place(
  builder: Builder,
  entry: PlannedEntry,
  range: ByteRange,
  partNumber: number,
  needsCrc: boolean,
): Promise<Placed> {
  const { deps, job, signal } = builder;
  const { from, to } = range;
  const copied = await deps.zips.copyPart(job.target, job.uploadId, partNumber, entry, [from, to], signal);
  if (copied === null) return sendRange(builder, entry, range, partNumber);
  const part = { ...copied, bytes: to - from };
  if (!needsCrc) {
    builder.onBytes(to - from);
    return { part, crc32: null };
  }
  const reading = readingOf(builder, entry);
  return { part, crc32: await crcOfRange(reading, range, deps.parallelParts, builder.onBytes) };
}

/** The same bytes by way of the worker, as a stream: a range may be larger than its memory. */
async function sendRange(
  builder: Builder,
  entry: PlannedEntry,
  range: ByteRange,
  partNumber: number,
): Promise<Placed> {
  const { deps, job, signal } = builder;
  const seen: { crc32: number; error: unknown } = { crc32: EMPTY_CRC32, error: null };
  const source = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of readChunks(readingOf(builder, entry), range)) {
        seen.crc32 = crc32(chunk, seen.crc32);
        builder.onBytes(chunk.length);
        yield chunk;
      }
    } catch (error) {
      seen.error = error;
      throw error;
    }
  };
  const stream = Readable.from(source(), { objectMode: false });
  const bytes = range.to - range.from;
  try {
    const send = () =>
      deps.zips.uploadStream(job.target, job.uploadId, partNumber, { stream, bytes }, signal);
    return { part: { ...(await ofUpload(send)), bytes }, crc32: seen.crc32 };
  } catch (error) {
    stream.destroy();
    throw seen.error ?? error;
  }
}
