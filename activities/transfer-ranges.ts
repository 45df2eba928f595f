/** Which ranges a file is fetched in: along its ETag parts, neither too small to be worth a request nor too large to lose. */
import { MEBIBYTE } from '../core/units.js';

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Parts larger than this are split, so that a single-part file of 50 GB is fetched side by side too, and resumes. */
const LARGEST_RANGE_BYTES = 64 * MEBIBYTE;
/** A request costs about as much as a megabyte: smaller parts are fetched several at once. */
const SMALLEST_RANGE_BYTES = 8 * MEBIBYTE;

/** The ranges of a file, in order and without gaps; none for an empty file. */
export function transferRanges(sizeBytes: number, partSizeBytes: number): readonly ByteRange[] {
  const step = partSizeBytes * Math.max(1, Math.ceil(SMALLEST_RANGE_BYTES / partSizeBytes));
  return cut({ start: 0, end: sizeBytes }, sizeBytes <= SMALLEST_RANGE_BYTES ? sizeBytes : step).flatMap(
    (part) => cut(part, LARGEST_RANGE_BYTES),
  );
}

const cut = ({ start, end }: ByteRange, stepBytes: number): readonly ByteRange[] =>
  Array.from({ length: end === start ? 0 : Math.ceil((end - start) / stepBytes) }, (_, at) => ({
    start: start + at * stepBytes,
    end: Math.min(end, start + (at + 1) * stepBytes),
  }));
