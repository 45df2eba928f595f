import type { TransferUpdate } from '../core/contract.js';

/**
 * What the signal says, or null. Anybody may send it: what is no update is ignored, because an exception in a handler would keep
 * the job from ever going on.
 */
export function readUpdate(
  update: unknown,
): Pick<TransferUpdate, 'index' | 'bytesDone' | 'bytesTotal'> | null {
  const { index, bytesDone, bytesTotal } = (update ?? {}) as Partial<TransferUpdate>;
  return isCount(index) && isCount(bytesDone) && isCount(bytesTotal)
    ? { index, bytesDone, bytesTotal }
    : null;
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;
