/**
 * Entries written one after the other into memory: a run of small ones, or what comes before a large one. Each entry has a
 * room that is large enough whatever becomes of it; all are read side by side, and gaps are closed at the end.
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { LARGE_BYTES } from '../core/zip-budget.js';
import { localHeader, localHeaderBytes } from '../core/zip-format.js';
import { forEachAtOnce } from './in-flight.js';
import { isDropped, orDropped, readingOf, sizedEntry } from './zip-builder.js';
import type { Builder, EntryToWrite } from './zip-builder.js';
import { deflateInto } from './zip-deflate.js';
import { readInto } from './zip-read.js';
import type { DroppedEntry, PlannedEntry, RecordedEntry } from './zip-work.js';

export interface Glue {
  /** The first `bytes` of it are written; behind them is the room that was reserved. */
  readonly buffer: Uint8Array;
  readonly bytes: number;
  readonly entries: readonly RecordedEntry[];
  readonly dropped: readonly DroppedEntry[];
}

type Packed = Omit<RecordedEntry, 'place'>;

const READS_AT_ONCE = 16;
const deflated = promisify(deflateRaw);

/** Writes all entries that can be had, and leaves room for `reserveBytes` more. */
export async function writeGlue(
  builder: Builder,
  entries: readonly EntryToWrite[],
  reserveBytes: number,
): Promise<Glue> {
  const starts = [0];
  for (const entry of entries) starts.push((starts.at(-1) ?? 0) + roomBytes(builder, entry));
  const buffer = new Uint8Array((starts.at(-1) ?? 0) + reserveBytes);
  const outcomes: (RecordedEntry | DroppedEntry)[] = [];
  await forEachAtOnce(entries.entries(), READS_AT_ONCE, builder.signal, async ([at, entry]) => {
    const room = buffer.subarray(starts[at], starts[at + 1]);
    outcomes[at] = await orDropped(builder, entry, () => writeEntry(builder, entry, room));
  });
  return closeGaps(builder, entries, outcomes, starts, buffer);
}

/** The length of an entry's local header; sizes up to that of the stored entry do not change it. */
export const headerBytes = (builder: Builder, entry: PlannedEntry): number =>
  localHeaderBytes({ ...sizedEntry(builder, entry), packedBytes: entry.sizeBytes });

const isStreamed = ({ method, sizeBytes }: EntryToWrite): boolean =>
  method === 'deflate' && sizeBytes >= LARGE_BYTES;

/** A large entry is here only if it is known to shrink to little; another zlib may need a little more. */
const packedBound = ({ packedHint, sizeBytes }: EntryToWrite): number =>
  packedHint === undefined ? sizeBytes : Math.ceil(packedHint * 1.1) + 1024;

const roomBytes = (builder: Builder, entry: EntryToWrite): number =>
  headerBytes(builder, entry) + (isStreamed(entry) ? packedBound(entry) : entry.sizeBytes);

async function writeEntry(builder: Builder, entry: EntryToWrite, room: Uint8Array): Promise<RecordedEntry> {
  const body = room.subarray(headerBytes(builder, entry));
  const packed = isStreamed(entry)
    ? await deflateInto(builder, entry, body)
    : await readAndPack(builder, entry, body);
  room.set(localHeader({ ...sizedEntry(builder, entry), ...packed }));
  return { place: entry.place, ...packed };
}

async function readAndPack(builder: Builder, entry: PlannedEntry, body: Uint8Array): Promise<Packed> {
  const { sizeBytes, method } = entry;
  await readInto(readingOf(builder, entry), { from: 0, to: sizeBytes }, body);
  builder.onBytes(sizeBytes);
  const crc = crc32(body);
  const packed = method === 'store' ? null : await smaller(body);
  if (packed === null) return { method: 'store', crc32: crc, packedBytes: sizeBytes };
  body.set(packed);
  return { method, crc32: crc, packedBytes: packed.length };
}

/** The deflated bytes, or null where they are not fewer: deflate makes something of nothing, and one byte longer. */
async function smaller(bytes: Uint8Array): Promise<Uint8Array | null> {
  // zlib takes no limit below one byte.
  if (bytes.length < 2) return null;
  try {
    return await deflated(bytes, { maxOutputLength: bytes.length - 1 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null;
    throw error;
  }
}

function closeGaps(
  builder: Builder,
  entries: readonly EntryToWrite[],
  outcomes: readonly (RecordedEntry | DroppedEntry)[],
  starts: readonly number[],
  buffer: Uint8Array,
): Glue {
  let bytes = 0;
  for (const [at, entry] of entries.entries()) {
    const [outcome, start = 0] = [outcomes[at], starts[at]];
    if (outcome === undefined || isDropped(outcome)) continue;
    const end = start + headerBytes(builder, entry) + outcome.packedBytes;
    buffer.copyWithin(bytes, start, end);
    bytes += end - start;
  }
  return {
    buffer,
    bytes,
    entries: outcomes.flatMap((outcome) => (isDropped(outcome) ? [] : outcome)),
    dropped: outcomes.filter(isDropped),
  };
}
