/** What is left to do at the end of a ZIP, and whether the object under its key is the one that this job made. */
import type { BulkZipResult, ZipJobRef } from '../core/zip-contract.js';
import { StoreProblem } from './ports.js';
import { jobDigest } from './zip-place.js';
import type { FoundObject, UploadedPart, ZipStore } from './zip-ports.js';

/** All that is left to do, written down before it is done: a repeated step must not build again what was completed. */
export interface Ending {
  readonly parts: readonly UploadedPart[];
  readonly result: BulkZipResult;
}

/** What lies under the ZIP's key; null where nothing does. */
export const findZip = (
  zips: Pick<ZipStore, 'head'>,
  { target }: ZipJobRef,
  signal: AbortSignal,
): Promise<FoundObject | null> => zips.head(target, signal).catch(nullIfMissing);

/**
 * By the mark that the upload was begun with. Size and ETag would not do: equal input gives equal bytes, and an operator may
 * have a ZIP of an earlier job under the same key.
 */
export const isOfJob = ({ madeBy }: FoundObject, job: ZipJobRef): boolean => madeBy === jobDigest(job);

const nullIfMissing = (error: unknown): null => {
  if (error instanceof StoreProblem && error.code === 'missing') return null;
  throw error;
};
