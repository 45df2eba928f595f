/**
 * S3 refuses a part below 5 MiB that is not the last. Segments are planned to be larger, but where entries drop out or deflate
 * well they may come out smaller: then they are put in front of the next segment's first part.
 */
import { MIN_PART_BYTES } from './zip-budget.js';

/** A segment as it came out. */
export interface BuiltSegment {
  readonly segment: number;
  readonly firstPart: number;
  /** Of its parts in their order; empty or 0 where all of its entries dropped out. Only the first may be below S3's minimum. */
  readonly partBytes: readonly number[];
}

/** The first parts of these segments become one, under the number of the last one's; that one's further parts stay. */
export interface RebuiltPart {
  readonly part: number;
  readonly segments: readonly number[];
}

export interface MergePlan {
  readonly rebuilt: readonly RebuiltPart[];
  /** Too small, and nothing comes after them: they go in front of the central directory. */
  readonly tail: readonly number[];
}

/** Which neighbours must be rebuilt as one; what it does not name stays as it is. */
export function mergeUndersized(built: readonly BuiltSegment[]): MergePlan {
  const rebuilt: RebuiltPart[] = [];
  let [waiting, waitingBytes]: [readonly number[], number] = [[], 0];
  for (const { segment, firstPart, partBytes } of built) {
    const [bytes = 0] = partBytes;
    if (bytes === 0) continue;
    const together = [...waiting, segment];
    if (waitingBytes + bytes < MIN_PART_BYTES) {
      [waiting, waitingBytes] = [together, waitingBytes + bytes];
      continue;
    }
    if (together.length > 1) rebuilt.push({ part: firstPart, segments: together });
    [waiting, waitingBytes] = [[], 0];
  }
  return { rebuilt, tail: waiting };
}
