/** From entries to segments: which are collected, which are copied inside S3, which are deflated as a stream (zip-segments.ts). */
import {
  LARGE_BYTES,
  MAX_COPIED,
  MAX_PARTS,
  MIN_PART_BYTES,
  RUN_BYTES,
  RUN_ENTRIES,
  partSizes,
} from './zip-budget.js';
import type { PartSizes, Weight } from './zip-budget.js';
import { entryBytes } from './zip-directory.js';
import { localHeaderBytes } from './zip-format.js';
import type { ByteRange, LayoutEntry, ZipLayout, ZipSegment } from './zip-segments.js';

/** What deflating usually leaves of what is not compressed: runs are cut by it, so that their parts become neither tiny nor huge. */
const DEFLATE_RATIO = 3;

const stored = (entry: LayoutEntry) => ({ ...entry, packedBytes: entry.sizeBytes });

const runWeight = (entry: LayoutEntry): number =>
  entry.method === 'store'
    ? entryBytes(stored(entry))
    : localHeaderBytes(stored(entry)) + Math.ceil(entry.sizeBytes / DEFLATE_RATIO);

/** Lays a ZIP out; the problem is that no 10,000 parts can hold it. The same entries give the same layout. */
export function layOutZip(entries: readonly LayoutEntry[]): ZipLayout | { readonly problem: string } {
  const copied = largestStored(entries);
  const sizes = partSizes(entries.map((entry, at) => weightOf(entry, copied.has(at))));
  const segments: ZipSegment[] = [];
  let run = emptyRun(1, 0);
  for (const [at, entry] of entries.entries()) {
    const ended = segmentEndingWith(entry, at, run, sizes, copied);
    if ('kind' in ended) segments.push(ended);
    run = 'kind' in ended ? emptyRun(ended.firstPart + ended.parts, at + 1) : ended;
  }
  const rest = run.from < entries.length ? [runSegment(run, entries.length)] : [];
  const finalPart = run.firstPart + rest.length;
  if (finalPart > MAX_PARTS)
    return { problem: `the ZIP would need ${finalPart} parts; S3 takes ${MAX_PARTS}` };
  return { segments: [...segments, ...rest], finalPart };
}

/** The places of those entries that are worth being copied: the largest, if there are more than parts allow. */
function largestStored(entries: readonly LayoutEntry[]): ReadonlySet<number> {
  const large = [...entries.entries()].filter(
    ([, { method, sizeBytes }]) => method === 'store' && sizeBytes >= LARGE_BYTES,
  );
  // A stable sort: of equal ones the first in the request.
  const bySize = large.toSorted(([, one], [, other]) => other.sizeBytes - one.sizeBytes);
  return new Set(bySize.slice(0, MAX_COPIED).map(([at]) => at));
}

function weightOf(entry: LayoutEntry, copied: boolean): Weight {
  const nothing = { runBytes: 0, copyBytes: 0, streamBytes: 0 };
  if (copied) return { ...nothing, copyBytes: entry.sizeBytes };
  if (entry.method === 'deflate' && entry.sizeBytes >= LARGE_BYTES)
    return { ...nothing, streamBytes: deflateBound(entry) };
  return { ...nothing, runBytes: runWeight(entry) };
}

/** Small entries that have no segment yet. */
interface OpenRun {
  readonly firstPart: number;
  readonly from: number;
  readonly weight: number;
  /** What is certain to be in the segment's first part: a deflated entry may shrink to nothing. */
  readonly certainBytes: number;
}

const emptyRun = (firstPart: number, from: number): OpenRun => ({
  firstPart,
  from,
  weight: 0,
  certainBytes: 0,
});

/** The segment that this entry completes, or the run that it joins. */
function segmentEndingWith(
  entry: LayoutEntry,
  at: number,
  run: OpenRun,
  sizes: PartSizes,
  copied: ReadonlySet<number>,
): ZipSegment | OpenRun {
  if (copied.has(at)) return copySegment(entry, at, run, sizes.copyBytes);
  const streamed = entry.method === 'deflate' && entry.sizeBytes >= Math.max(LARGE_BYTES, 2 * sizes.runBytes);
  if (streamed) return deflateSegment(entry, at, run, sizes.runBytes);
  const weight = run.weight + runWeight(entry);
  const certainBytes = run.certainBytes + (entry.method === 'store' ? entryBytes(stored(entry)) : 0);
  const grown = { ...run, weight, certainBytes };
  return isFull(grown, at, sizes) ? runSegment(grown, at + 1) : grown;
}

/** Many entries fill a run before their bytes do, unless their parts would become too many or too small. */
function isFull({ from, weight, certainBytes }: OpenRun, at: number, { runBytes }: PartSizes): boolean {
  const isMany = at + 1 - from >= RUN_ENTRIES && runBytes === RUN_BYTES && certainBytes >= MIN_PART_BYTES;
  return isMany || weight >= runBytes;
}

const runSegment = ({ firstPart, from }: OpenRun, to: number): ZipSegment => ({
  kind: 'run',
  firstPart,
  parts: 1,
  from,
  to,
});

function copySegment(entry: LayoutEntry, at: number, run: OpenRun, rangeBytes: number): ZipSegment {
  const { firstPart, from, certainBytes } = run;
  const headBytes = Math.max(0, MIN_PART_BYTES - certainBytes - localHeaderBytes(stored(entry)));
  const copies = equalRanges(headBytes, entry.sizeBytes, rangeBytes);
  return { kind: 'copy', firstPart, parts: 1 + copies.length, from, to: at + 1, headBytes, copies };
}

/** Equal ranges, so that none is below S3's minimum. */
function equalRanges(from: number, to: number, maxBytes: number): readonly ByteRange[] {
  const count = Math.ceil((to - from) / maxBytes);
  const bytes = Math.ceil((to - from) / count);
  return Array.from({ length: count }, (_, at) => ({
    from: from + at * bytes,
    to: Math.min(to, from + (at + 1) * bytes),
  }));
}

function deflateSegment(entry: LayoutEntry, at: number, run: OpenRun, partBytes: number): ZipSegment {
  const { firstPart, from } = run;
  const parts = 1 + Math.floor(deflateBound(entry) / partBytes);
  return { kind: 'deflate', firstPart, parts, from, to: at + 1, partBytes };
}

/** What deflate makes of bytes that it cannot shrink: zlib's compressBound, rounded up. */
const deflateBound = ({ sizeBytes }: LayoutEntry): number => sizeBytes + Math.ceil(sizeBytes / 1000) + 64;
