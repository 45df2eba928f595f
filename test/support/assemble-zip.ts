/**
 * Assembles a ZIP as the activities do, but on the disk: segments one by one (the last one first: none may need another), the
 * undersized ones merged, the directory last.
 */
import { deflateRawSync } from 'node:zlib';
import { crc32Combine } from '../../core/crc32.js';
import type { WrittenSegment } from '../../core/zip-directory.js';
import { localHeader, localHeaderBytes } from '../../core/zip-format.js';
import { layOutZip } from '../../core/zip-layout.js';
import { mergeUndersized } from '../../core/zip-merge.js';
import type { ZipEntry } from '../../core/zip-records.js';
import {
  realigned,
  type CopySegment,
  type DeflateSegment,
  type LayoutEntry,
  type ZipLayout,
  type ZipSegment,
} from '../../core/zip-segments.js';
import { layDirectory } from './whole-zip.js';
import { chunkBytes, chunkCrc32, sliceChunk, totalBytes, writeChunks, type Chunk } from './zip-chunks.js';

export interface TestFile {
  readonly name: string;
  readonly content: Chunk;
  readonly mtimeS?: number;
  readonly method?: 'store' | 'deflate';
}

export interface AssembledZip {
  readonly path: string;
  readonly layout: ZipLayout;
  readonly entries: readonly ZipEntry[];
  /** Of the parts that make up the object, the directory's last. */
  readonly partBytes: readonly number[];
  readonly zipBytes: number;
}

export const layoutEntry = ({
  name,
  content,
  mtimeS = 1_700_000_001,
  method = 'store',
}: TestFile): LayoutEntry => ({
  name,
  mtimeS,
  method,
  sizeBytes: chunkBytes(content),
});

/** `dropped`: the places of files that turn out to be missing when their segment is built. */
export function assembleZip(
  path: string,
  files: readonly TestFile[],
  dropped: ReadonlySet<number> = new Set(),
): AssembledZip {
  const layout = layOutZip(files.map(layoutEntry));
  if ('problem' in layout) throw new Error(layout.problem);
  const built = layout.segments
    .toReversed()
    .map((segment) => build(segment, files, dropped))
    .toReversed();
  const directory = layDirectory(built.map(({ written }) => written));
  if ('problem' in directory) throw new Error(directory.problem);
  const parts = merged(built, layout);
  parts.set(layout.finalPart, [...(parts.get(layout.finalPart) ?? []), directory.bytes]);
  const inOrder = [...parts].toSorted(([one], [other]) => one - other).map(([, chunks]) => chunks);
  writeChunks(path, inOrder.flat());
  const entries = built.flatMap(({ written }) => written.entries);
  return { path, layout, entries, partBytes: inOrder.map(totalBytes), zipBytes: directory.zipBytes };
}

interface Built {
  readonly parts: readonly (readonly Chunk[])[];
  readonly written: WrittenSegment;
}

interface Packed {
  readonly entry: ZipEntry;
  readonly packed: Chunk;
}

function build(segment: ZipSegment, files: readonly TestFile[], dropped: ReadonlySet<number>): Built {
  const large = segment.kind === 'run' ? null : segment.to - 1;
  const places = Array.from({ length: segment.to - segment.from }, (_, at) => segment.from + at);
  const small = places
    .filter((at) => at !== large && !dropped.has(at))
    .map((at) => pack(files[at] as TestFile));
  const glue = small.flatMap(({ entry, packed }) => [localHeader(entry), packed]);
  const entries = small.map(({ entry }) => entry);
  if (segment.kind === 'run' || large === null || dropped.has(large)) return finished([glue], entries);
  const file = files[large] as TestFile;
  const end = segment.kind === 'copy' ? copyLarge(segment, glue, file) : deflateLarge(segment, glue, file);
  return finished(end.parts, [...entries, end.entry]);
}

const finished = (parts: readonly (readonly Chunk[])[], entries: readonly ZipEntry[]): Built => ({
  parts,
  written: { bytes: parts.reduce((sum, part) => sum + totalBytes(part), 0), entries },
});

function pack(file: TestFile): Packed {
  const { content } = file;
  const { method, ...known } = layoutEntry(file);
  const stored = {
    ...known,
    method: 'store' as const,
    crc32: chunkCrc32(content),
    packedBytes: known.sizeBytes,
  };
  if (method === 'store' || !(content instanceof Uint8Array)) return { entry: stored, packed: content };
  const packed = deflateRawSync(content);
  if (packed.length >= content.length) return { entry: stored, packed: content };
  return { entry: { ...stored, method, packedBytes: packed.length }, packed };
}

/** The CRC32 comes from its pieces, as S3 gives those of the copied ranges. */
function copyLarge(planned: CopySegment, glue: readonly Chunk[], file: TestFile) {
  const known = { ...layoutEntry(file), packedBytes: chunkBytes(file.content) };
  const segment = realigned(planned, totalBytes(glue) + localHeaderBytes(known));
  const head = sliceChunk(file.content, 0, segment.headBytes);
  const copies = segment.copies.map(({ from, to }) => sliceChunk(file.content, from, to));
  const crc32 = copies.reduce(
    (crc, copy) => crc32Combine(crc, chunkCrc32(copy), chunkBytes(copy)),
    chunkCrc32(head),
  );
  const entry = { ...known, crc32 };
  return { entry, parts: [[...glue, localHeader(entry), head], ...copies.map((copy) => [copy])] };
}

function deflateLarge(
  { partBytes, parts: reserved }: DeflateSegment,
  glue: readonly Chunk[],
  file: TestFile,
) {
  const { entry, packed } = pack(file);
  const count = Math.max(1, Math.floor(chunkBytes(packed) / partBytes));
  if (count > reserved) throw new Error(`${count} parts, reserved ${reserved}`);
  const cut = (at: number): number => (at === count ? chunkBytes(packed) : at * partBytes);
  const [first, ...rest] = Array.from({ length: count }, (_, at) => [
    sliceChunk(packed, cut(at), cut(at + 1)),
  ]);
  return { entry, parts: [[...glue, localHeader(entry), ...(first ?? [])], ...rest] };
}

function merged(built: readonly Built[], layout: ZipLayout): Map<number, readonly Chunk[]> {
  const parts = new Map<number, readonly Chunk[]>();
  const firstPart = (at: number): number => layout.segments[at]?.firstPart ?? 0;
  const firstChunks = (at: number): readonly Chunk[] => built[at]?.parts[0] ?? [];
  for (const [at, { parts: own }] of built.entries())
    own.forEach((part, n) => parts.set(firstPart(at) + n, part));
  const plan = mergeUndersized(
    built.map(({ parts: own }, segment) => ({
      segment,
      firstPart: firstPart(segment),
      partBytes: own.map(totalBytes),
    })),
  );
  const tail = plan.tail.flatMap(firstChunks);
  for (const { part, segments: together } of plan.rebuilt) {
    for (const at of together) parts.delete(firstPart(at));
    parts.set(part, together.flatMap(firstChunks));
  }
  for (const at of plan.tail) parts.delete(firstPart(at));
  for (const [part, chunks] of parts) if (totalBytes(chunks) === 0) parts.delete(part);
  return parts.set(layout.finalPart, tail);
}
