/**
 * The servers a worker needs (Temporal, S3, MongoDB) on this machine: those that the environment names, or
 * those that run already for the same data folder, or new ones. See serving/ for each server and obtaining/
 * for where its program comes from.
 */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { withLock } from './obtaining/lock.js';
import { earlierStack } from './serving/earlier-stack.js';
import type { MongoDetails } from './serving/mongo.js';
import { lastingData, throwawayData } from './serving/data-folder.js';
import { identify } from './serving/process-identity.js';
import { removeRecord, writeRecord, type StackRecord } from './serving/record.js';
import type { S3Details } from './serving/s3.js';
import { allGiven, environmentFor } from './serving/stack-environment.js';
import { startAll, stopAll, type Started } from './serving/start-all.js';
import type { TemporalDetails } from './serving/temporal.js';

export interface Stack {
  readonly temporal: TemporalDetails;
  readonly s3: S3Details;
  readonly mongo: MongoDetails;
  /** The environment variables with which a worker, CLI or test reaches these servers. */
  readonly env: Readonly<Record<string, string>>;
  /** One line per server: what was taken from where. */
  readonly origins: readonly string[];
  /** Stops only what this call started; idempotent. */
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly dataDir: string;
  /**
   * Keep the data for the next start, and prefer the well-known ports. Otherwise the data goes when the stack
   * stops.
   */
  readonly persistent: boolean;
  /** Gets progress and, for each server, the line of `origins`. */
  readonly say: (line: string) => void;
  readonly reuse?: boolean;
}

function joined({ servers, origins, owner }: StackRecord, say: StackOptions['say']): Stack {
  const told = origins.map((line) => `${line}; already running, started by process ${owner.pid}`);
  for (const line of told) say(line);
  return { ...servers, env: environmentFor(servers), origins: told, stop: async () => undefined };
}

async function record(dataDir: string, { servers, origins, processes }: Started): Promise<void> {
  const identities = await Promise.all(processes.map(({ pid }) => identify(pid)));
  await writeRecord(dataDir, { owner: await identify(process.pid), servers, origins, processes: identities });
}

/** Starts and stops on one data folder follow each other, so that its databases are never opened twice. */
function locked<T>(dataDir: string, say: StackOptions['say'], body: () => Promise<T>): Promise<T> {
  return withLock(join(dataDir, 'servers.lock'), 'Servers', say, body);
}

function stackOf({ servers, origins }: Started, stopNow: () => Promise<void>): Stack {
  let stopped: Promise<void> | undefined;
  return { ...servers, env: environmentFor(servers), origins, stop: () => (stopped ??= stopNow()) };
}

async function startNew({ persistent, say }: StackOptions, dataDir: string): Promise<Stack> {
  const data = persistent ? lastingData(dataDir) : await throwawayData(dataDir);
  const logFolder = join(dataDir, 'logs');
  const place = { dataFolder: data.folder, logFolder, persistent, env: process.env, say };
  try {
    const started = await startAll(place);
    await record(dataDir, started);
    const stop = async () => {
      await stopAll(started.processes);
      await removeRecord(dataDir);
      await data.discard();
    };
    return stackOf(started, () => locked(dataDir, say, stop));
  } catch (error) {
    await data.discard();
    throw error;
  }
}

/** Servers that all belong to somebody else need no data folder, and leave no trace in one. */
async function useGiven({ say, persistent }: StackOptions, dataDir: string): Promise<Stack> {
  const place = { dataFolder: dataDir, logFolder: dataDir, persistent, env: process.env, say };
  return stackOf(await startAll(place), async () => undefined);
}

/**
 * A second start on the same data folder joins the first, if it may: `reuse` is what a persistent stack does
 * unless told otherwise; a throwaway one wants servers of its own.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { say, reuse = options.persistent } = options;
  const dataDir = resolve(options.dataDir);
  if (allGiven(process.env)) return useGiven(options, dataDir);
  await mkdir(dataDir, { recursive: true });
  return locked(dataDir, say, async () => {
    const earlier = await earlierStack(dataDir, { reuse, env: process.env, say });
    return earlier === undefined ? startNew(options, dataDir) : joined(earlier, say);
  });
}
