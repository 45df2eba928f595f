/**
 * What a ZIP is cut into: segments, which any worker can build alone, in any order, and which together are the ZIP up to its
 * central directory. Offsets are none of the plan's business: an entry may still drop out (on_error: skip), and then all that
 * follows moves (zip-directory.ts). Part numbers stay: S3 puts parts together by their order and allows gaps.
 */
import { MIN_PART_BYTES } from './zip-budget.js';
import type { Compression } from './zip-contract.js';
import type { SizedEntry } from './zip-directory.js';

/** What the plan knows of an entry before a byte of it was read. */
export interface LayoutEntry extends SizedEntry {
  readonly method: Compression;
}

/** Bytes [from, to). */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

interface SegmentBase {
  /** Its parts are numbered from here… */
  readonly firstPart: number;
  /** …and are so many at most. */
  readonly parts: number;
  /** Its entries are [from, to), in the order of the ZIP. */
  readonly from: number;
  readonly to: number;
}

/** Small entries, whole, in one part. */
export interface RunSegment extends SegmentBase {
  readonly kind: 'run';
}

/**
 * Small entries and then a large stored one, to - 1. The first part ends with the large entry's header and its first
 * `headBytes` bytes; each range of `copies` is a part that S3 copies by itself.
 */
export interface CopySegment extends SegmentBase {
  readonly kind: 'copy';
  readonly headBytes: number;
  readonly copies: readonly ByteRange[];
}

/**
 * Small entries and then a large deflated one, to - 1, whose parts are known when it is deflated: parts of `partBytes`, the last
 * of them up to twice as large, so that none is below S3's minimum unless it is the only one.
 */
export interface DeflateSegment extends SegmentBase {
  readonly kind: 'deflate';
  readonly partBytes: number;
}

export type ZipSegment = RunSegment | CopySegment | DeflateSegment;

export interface ZipLayout {
  readonly segments: readonly ZipSegment[];
  /** The number of the last part: what is left of the segments, and the central directory. */
  readonly finalPart: number;
}

/**
 * Bytes of an entry. `glue`: read and written by a worker, into the segment's first part; its local header comes before byte 0.
 * `copy`: one part, copied inside S3. `deflate`: read, deflated and written into as many parts as it takes.
 */
export interface Piece extends ByteRange {
  readonly kind: 'glue' | 'copy' | 'deflate';
  readonly entry: number;
}

/** A segment's pieces in the order of the ZIP. */
export function piecesOf(
  segment: ZipSegment,
  entries: readonly Pick<LayoutEntry, 'sizeBytes'>[],
): readonly Piece[] {
  const { from, to } = segment;
  const whole = (kind: Piece['kind'], entry: number): Piece => ({
    kind,
    entry,
    from: 0,
    to: entries[entry]?.sizeBytes ?? 0,
  });
  const glued = Array.from({ length: to - from }, (_, at) => whole('glue', from + at));
  if (segment.kind === 'run') return glued;
  const small = glued.slice(0, -1);
  const large = to - 1;
  if (segment.kind === 'deflate') return [...small, whole('deflate', large)];
  const head: Piece = { kind: 'glue', entry: large, from: 0, to: segment.headBytes };
  return [
    ...small,
    head,
    ...segment.copies.map((range) => ({ kind: 'copy' as const, entry: large, ...range })),
  ];
}

/**
 * The segment as it is to be built when its small entries and the large one's header really have `glueBytes`: where entries
 * dropped out or were deflated well, more of the large entry goes into the first part, so that it stays large enough for S3.
 */
export function realigned(segment: CopySegment, glueBytes: number): CopySegment {
  const headBytes = Math.max(segment.headBytes, MIN_PART_BYTES - glueBytes);
  const [first, ...rest] = segment.copies;
  if (first === undefined) return segment;
  return { ...segment, headBytes, copies: [{ from: headBytes, to: first.to }, ...rest] };
}
