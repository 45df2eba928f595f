/** Builds one segment and uploads its parts. The first part comes last: a large entry's header needs the CRC32 of all its bytes. */
import { MIN_PART_BYTES } from '../core/zip-budget.js';
import { localHeader } from '../core/zip-format.js';
import { concat } from '../core/zip-records.js';
import { realigned } from '../core/zip-segments.js';
import type { CopySegment, DeflateSegment, ZipSegment } from '../core/zip-segments.js';
import { isDropped, orDropped, sendPart, sizedEntry } from './zip-builder.js';
import type { Builder, Built, EntryToWrite } from './zip-builder.js';
import { copyEntry } from './zip-copy.js';
import { deflateIntoParts } from './zip-deflate.js';
import { headerBytes, writeGlue } from './zip-glue.js';
import type { Glue } from './zip-glue.js';
import type { DroppedEntry, RecordedEntry } from './zip-work.js';

/** `entries`: those of the segment, a large one last. */
export async function buildSegment(
  builder: Builder,
  segment: ZipSegment,
  entries: readonly EntryToWrite[],
): Promise<Built> {
  const large = segment.kind === 'run' ? undefined : entries.at(-1);
  if (segment.kind === 'run' || large === undefined)
    return sendRun(builder, segment.firstPart, await writeGlue(builder, entries, 0));
  const small = entries.slice(0, -1);
  return segment.kind === 'copy'
    ? buildCopy(builder, segment, small, large)
    : buildDeflate(builder, segment, small, large);
}

/** One part of small entries; none where all of them dropped out. */
async function sendRun(
  builder: Builder,
  partNumber: number,
  { buffer, bytes, entries, dropped }: Glue,
): Promise<Built> {
  const parts = bytes === 0 ? [] : [await sendPart(builder, partNumber, buffer.subarray(0, bytes))];
  return { parts, entries, dropped };
}

const withDropped = (glue: Glue, dropped: DroppedEntry): Glue => ({
  ...glue,
  dropped: [...glue.dropped, dropped],
});

async function buildCopy(
  builder: Builder,
  planned: CopySegment,
  small: readonly EntryToWrite[],
  large: EntryToWrite,
): Promise<Built> {
  const ownHeader = headerBytes(builder, large);
  const glue = await writeGlue(builder, small, ownHeader + Math.max(planned.headBytes, MIN_PART_BYTES));
  const before = glue.bytes + ownHeader;
  const segment = realigned(planned, before);
  const end = before + segment.headBytes;
  const head = glue.buffer.subarray(before, end);
  const copied = await orDropped(builder, large, () => copyEntry(builder, segment, large, head));
  if (isDropped(copied)) return sendRun(builder, planned.firstPart, withDropped(glue, copied));
  const packed = { method: 'store', crc32: copied.crc32, packedBytes: large.sizeBytes } as const;
  glue.buffer.set(localHeader({ ...sizedEntry(builder, large), ...packed }), glue.bytes);
  const first = await sendPart(builder, segment.firstPart, glue.buffer.subarray(0, end));
  const recorded: RecordedEntry = { place: large.place, ...packed };
  return {
    parts: [first, ...copied.parts],
    entries: [...glue.entries, recorded],
    dropped: glue.dropped,
  };
}

async function buildDeflate(
  builder: Builder,
  segment: DeflateSegment,
  small: readonly EntryToWrite[],
  large: EntryToWrite,
): Promise<Built> {
  const glue = await writeGlue(builder, small, 0);
  const deflated = await orDropped(builder, large, () => deflateIntoParts(builder, segment, large));
  if (isDropped(deflated)) return sendRun(builder, segment.firstPart, withDropped(glue, deflated));
  const before = glue.buffer.subarray(0, glue.bytes);
  const first = await sendPart(builder, segment.firstPart, concat([before, deflated.header, deflated.first]));
  return {
    parts: [first, ...deflated.further],
    entries: [...glue.entries, deflated.recorded],
    dropped: glue.dropped,
  };
}
