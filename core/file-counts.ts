import type { FileCounts } from './contract.js';

/** How many of these files each raw file has. */
export function countByRawFile(files: readonly { readonly rawFileId: string }[]): FileCounts {
  const counts = new Map<string, number>();
  for (const { rawFileId } of files) counts.set(rawFileId, (counts.get(rawFileId) ?? 0) + 1);
  return Object.fromEntries(counts);
}
