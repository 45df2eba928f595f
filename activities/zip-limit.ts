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
  const message = `Total file size exceeds ${limit} MB limit. Selected files total ${megabytesBeyond(total, maxBytes)} MB. Please select fewer files.`;
  return { ...refuse('TooLarge', message), sizes: { limit_bytes: maxBytes, actual_bytes: total } };
}

const megabytes = (bytes: number, decimals = 1): string => (bytes / MEBIBYTE).toFixed(decimals);

/** A byte is 0.000001 MB. */
const MOST_DECIMALS = 6;

/** With one decimal, as the contract has it; with more where it would read as the limit itself. */
function megabytesBeyond(bytes: number, limit: number): string {
  let decimals = 1;
  while (decimals < MOST_DECIMALS && Number(megabytes(bytes, decimals)) <= limit / MEBIBYTE) decimals += 1;
  return megabytes(bytes, decimals);
}
