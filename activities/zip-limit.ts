import { MEBIBYTE } from '../core/units.js';
import type { ZipRefusal } from '../core/zip-contract.js';
import type { Attachment, ObjectState } from './zip-ports.js';
import { refuse } from './zip-refusals.js';

/** The refusal where attachments are more than `maxBytes`, by what the documents say or by what the objects really are. */
export function tooLarge(
  documents: readonly Attachment[],
  states: readonly (ObjectState | string)[],
  maxBytes: number,
): ZipRefusal | null {
  const total = documents.reduce((sum, { sizeBytes }, at) => {
    const state = states[at];
    return sum + Math.max(sizeBytes ?? 0, typeof state === 'object' ? state.sizeBytes : 0);
  }, 0);
  if (total <= maxBytes) return null;
  const limit = megabytes(maxBytes).replace(/\.0$/, '');
  return refuse(
    'TooLarge',
    `Total file size exceeds ${limit} MB limit. Selected files total ${megabytes(total)} MB. Please select fewer files.`,
  );
}

const megabytes = (bytes: number): string => (bytes / MEBIBYTE).toFixed(1);
