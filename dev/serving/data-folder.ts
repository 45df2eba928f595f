import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a stack keeps its data, and what to do with it when the stack is gone. */
export interface DataFolder {
  readonly folder: string;
  readonly discard: () => Promise<void>;
}

const prefix = 'throwaway-';

export function lastingData(folder: string): DataFolder {
  return { folder, discard: async () => undefined };
}

function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Also removes what a killed stack could not; the caller knows that none runs on this data folder now. */
export async function throwawayData(dataDir: string): Promise<DataFolder> {
  const names = await readdir(dataDir);
  await Promise.all(
    names.filter((name) => name.startsWith(prefix)).map((name) => remove(join(dataDir, name))),
  );
  const folder = await mkdtemp(join(dataDir, prefix));
  return { folder, discard: () => remove(folder) };
}
