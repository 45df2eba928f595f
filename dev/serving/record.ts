import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessIdentity } from './process-identity.js';
import type { Servers } from './stack-environment.js';

/**
 * What a running stack leaves in its data folder, so that another process can join it or clean up after it.
 */
export interface StackRecord {
  readonly owner: ProcessIdentity;
  readonly servers: Servers;
  readonly origins: readonly string[];
  readonly processes: readonly ProcessIdentity[];
}

function recordPath(dataDir: string): string {
  return join(dataDir, 'servers.json');
}

/** Undefined when there is none, or one that no stack of this version wrote. */
export async function readRecord(dataDir: string): Promise<StackRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(recordPath(dataDir), 'utf8')) as Partial<StackRecord>;
    const { owner, servers, origins, processes } = record;
    if (!owner || !servers || !origins || !processes) return undefined;
    return { owner, servers, origins, processes };
  } catch {
    return undefined;
  }
}

/** For the owner's eyes only: it holds the credentials. */
export async function writeRecord(dataDir: string, record: StackRecord): Promise<void> {
  const fresh = `${recordPath(dataDir)}.${process.pid}`;
  await writeFile(fresh, JSON.stringify(record, null, 2) + '\n', { mode: 0o600 });
  await rename(fresh, recordPath(dataDir));
}

export async function removeRecord(dataDir: string): Promise<void> {
  await rm(recordPath(dataDir), { force: true });
}
