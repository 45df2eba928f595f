/** Free space is checked before the first byte: what is missing, with a tenth to spare, must fit (DESIGN §2). */
import { megabytes } from './units.js';

/** In whole numbers: 1.1 is not quite a number for computers, and a byte too much would be asked for. */
const [BUFFER, OF] = [11, 10] as const;

export interface SpaceClaim {
  readonly rawFileId: string;
  readonly filesystem: string;
  readonly missingBytes: number;
}

/**
 * Admits raw files in order for as long as their filesystem has room. One that does not fit is refused with the text of its
 * ERROR line; later, smaller ones may still fit.
 */
export function refuseWithoutSpace(
  claims: readonly SpaceClaim[],
  freeBytes: ReadonlyMap<string, number>,
): ReadonlyMap<string, string> {
  const left = new Map(freeBytes);
  const refused = new Map<string, string>();
  for (const { rawFileId, filesystem, missingBytes } of claims) {
    const needed = Math.ceil((missingBytes * BUFFER) / OF);
    const free = left.get(filesystem) ?? Infinity;
    if (needed <= free || missingBytes === 0) left.set(filesystem, free - needed);
    else
      refused.set(
        rawFileId,
        `Not enough disk space (need ${megabytes(needed)} MB, free ${megabytes(Math.max(0, free))} MB)`,
      );
  }
  return refused;
}
