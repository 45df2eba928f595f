/**
 * How large the parts of a ZIP's multipart upload are: S3 takes at most 10,000 parts, each of 5 MiB (but the last) to 5 GiB, so
 * parts grow with what is to go into them.
 */
import { MEBIBYTE } from './units.js';

export const MIN_PART_BYTES = 5 * MEBIBYTE;
export const MAX_PART_BYTES = 5 * 1024 * MEBIBYTE;
export const MAX_PARTS = 10_000;

/** From here on it pays to copy a stored object inside S3: at most 16 % of it pass through a worker. */
export const LARGE_BYTES = 32 * MEBIBYTE;

/** A copied object takes two parts at least; more of them would leave too few for the rest. */
export const MAX_COPIED = 4000;

export const RUN_BYTES = 16 * MEBIBYTE;

/** A run of so many entries ends as soon as it is a whole part: its page of the plan stays small, whatever the entries are. */
export const RUN_ENTRIES = 4096;
const COPY_BYTES = 512 * MEBIBYTE;

/** What an entry weighs against the budget. */
export interface Weight {
  /** Local header and bytes; a deflated entry counts with less, see zip-layout.ts. */
  readonly runBytes: number;
  /** Copied inside S3. */
  readonly copyBytes: number;
  /** Deflated as a stream, into parts of its own. */
  readonly streamBytes: number;
}

export interface PartSizes {
  /** Small entries are collected up to here, and the parts of a streamed entry are as large. */
  readonly runBytes: number;
  /** No range that is copied is larger. */
  readonly copyBytes: number;
}

/** One part is left for the central directory, one for the last and incomplete run. */
const SPARE_PARTS = 2;

/**
 * The smallest part sizes that keep the promise of 10,000 parts: each copied entry takes a part for its beginning and at most
 * one more than its bytes fill; a run takes a part for every `runBytes` of it; a streamed entry, being at least twice as large
 * as a part, at most twice as many as its bytes fill.
 */
export function partSizes(weights: readonly Weight[]): PartSizes {
  const copied = weights.filter(({ copyBytes }) => copyBytes > 0).length;
  const free = MAX_PARTS - SPARE_PARTS - 2 * copied;
  const copyTotal = sum(weights, 'copyBytes');
  const copyBytes = clamp(Math.ceil(copyTotal / Math.floor(free / 2)), COPY_BYTES, MAX_PART_BYTES);
  const left = Math.max(1, free - Math.ceil(copyTotal / copyBytes));
  const streamed = sum(weights, 'runBytes') + 2 * sum(weights, 'streamBytes');
  return { copyBytes, runBytes: Math.max(RUN_BYTES, Math.ceil(streamed / left)) };
}

const sum = (weights: readonly Weight[], key: keyof Weight): number =>
  weights.reduce((total, weight) => total + weight[key], 0);

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
