/**
 * The plan and the records of a job: small JSON objects below its work prefix, because history must stay small. Of attachments
 * they hold ids, keys, sizes and times; never a file name.
 */
import type { Compression, PlannedZip, ZipJobRef } from '../core/zip-contract.js';
import type { ZipOrigin } from '../core/zip-manifest.js';
import type { ZipSegment } from '../core/zip-segments.js';
import { StoreProblem } from './ports.js';
import type { PinnedObject } from './ports.js';
import type { UploadedPart, ZipStore } from './zip-ports.js';
import type { ZipPlace } from './zip-place.js';

/** An entry as the plan found it; it is read from this very object or not at all. */
export interface PlannedEntry extends PinnedObject {
  /** Its place in the request. */
  readonly place: number;
  /** The attachment's; null of any other object, which is known by its URI. */
  readonly id: string | null;
  readonly sizeBytes: number;
  readonly mtimeS: number;
  readonly method: Compression;
  /** Safe and unique; null of an attachment, whose name is asked for again. */
  readonly name: string | null;
}

/** What callers know an entry by: made where it is said, because a plan may have a hundred thousand. */
export const originOf = ({ id, bucket, key }: Pick<PlannedEntry, 'id' | 'bucket' | 'key'>): ZipOrigin =>
  id === null ? { uri: `s3://${bucket}/${key}` } : { id };

/** What the plan left out already. */
export interface RefusedEntry extends Pick<PlannedEntry, 'place' | 'name'> {
  readonly origin: ZipOrigin;
  readonly reason: string;
}

/** Of attachments: a digest of all names and keys, by which a step knows that they are still the plan's. */
export type NamesDigest = string | null;

export interface StoredPlan {
  readonly job: PlannedZip;
  readonly finalPart: number;
  readonly refused: readonly RefusedEntry[];
  readonly namesDigest: NamesDigest;
}

/** All that a segment's activity reads of the plan. */
export interface PlanPage {
  readonly segment: ZipSegment;
  readonly entries: readonly PlannedEntry[];
  readonly namesDigest: NamesDigest;
}

export interface WrittenPart extends UploadedPart {
  readonly bytes: number;
}

/** An entry as it was written. */
export interface RecordedEntry {
  readonly place: number;
  readonly method: Compression;
  readonly crc32: number;
  readonly packedBytes: number;
}

export interface DroppedEntry {
  readonly place: number;
  readonly reason: string;
}

export interface SegmentRecord {
  readonly segment: ZipSegment;
  readonly parts: readonly WrittenPart[];
  readonly entries: readonly RecordedEntry[];
  readonly dropped: readonly DroppedEntry[];
}

type Place = Pick<ZipPlace | ZipJobRef, 'target' | 'workPrefix'>;

const numbered = (kind: string, segment: number): string =>
  `${kind}-${String(segment).padStart(5, '0')}.json`;

/** The names of a job's objects, below its work prefix. */
export const WORK = {
  plan: 'plan.json',
  page: (segment: number): string => numbered('page', segment),
  record: (segment: number): string => numbered('record', segment),
  ending: 'ending.json',
} as const;

/** Writes one of them. */
export const writeWork = (zips: ZipStore, { target, workPrefix }: Place, name: string, value: object) =>
  zips.put({ bucket: target.bucket, key: workPrefix + name }, Buffer.from(JSON.stringify(value)));

/** Reads one of them; null where it is not there. */
export async function readWork<T>(
  zips: ZipStore,
  { target, workPrefix }: Place,
  name: string,
): Promise<T | null> {
  try {
    const bytes = await zips.get({ bucket: target.bucket, key: workPrefix + name });
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as T;
  } catch (error) {
    if (error instanceof StoreProblem && error.code === 'missing') return null;
    throw error;
  }
}

/** Reads one that must be there: the plan lies there until the job ends. */
export async function needWork<T>(zips: ZipStore, place: Place, name: string): Promise<T> {
  const found = await readWork<T>(zips, place, name);
  if (found !== null) return found;
  throw new StoreProblem(
    'missing',
    `s3://${place.target.bucket}/${place.workPrefix}${name}: the plan is gone`,
  );
}
