/** A laboratory for whole jobs: the real servers, a catalogue and buckets of its own, an output folder, and a worker. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RestoreResult } from '../../core/contract.js';
import { openCorpus } from '../../dev/corpus.js';
import type { Corpus } from '../../dev/corpus.js';
import { installLog } from '../../worker/log.js';
import { startWorker } from '../../worker/wire.js';
import type { RunningWorker } from '../../worker/wire.js';
import { loadConfig } from '../../worker/config.js';
import type { Config } from '../../worker/config.js';

export interface Lab {
  readonly corpus: Corpus;
  readonly client: Client;
  readonly taskQueue: string;
  readonly output: string;
  readonly database: string;
  readonly config: Config;
  /** The variables that set this laboratory apart, for processes started by a test: queue, database, settings file, … */
  readonly env: Readonly<Record<string, string>>;
  /** A folder for a test's own files, outside the output folder. */
  readonly folder: string;
  /** A name that no other test uses: for projects (and so buckets) and raw files. */
  readonly unique: string;
  /** A project (and so a bucket and a folder) that no other test uses. */
  project(name: string): string;
  start(...args: readonly unknown[]): Promise<WorkflowHandle>;
  /** Runs a restore to its end: its result, or the type, message and result of its failure. */
  restore(...args: readonly unknown[]): Promise<Ended>;
  read(path: string): Promise<Buffer>;
  /** Whether a file below the output folder has exactly these bytes. */
  holds(path: string, bytes: Uint8Array): Promise<boolean>;
  /** Writes a file below the output folder, with the folders above it. */
  write(path: string, bytes: Uint8Array | string): Promise<void>;
  /** Every name below the output folder, hidden ones included. */
  tree(): Promise<readonly string[]>;
  /** What no job may leave behind: its folder, temporary files, journals, locks. */
  strays(): Promise<readonly string[]>;
  restartWorker(): Promise<void>;
  stopWorker(): Promise<void>;
  close(): Promise<void>;
}

export interface Ended {
  readonly failure: { readonly type: string; readonly message: string } | null;
  readonly result: RestoreResult;
}

export interface LabOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly restore?: Readonly<Record<string, unknown>>;
  readonly output?: string;
  readonly worker?: boolean;
}

let logIsQuiet = false;

/** Jobs that fail are what these tests are about: only errors are worth a line. */
function quietLog(): void {
  if (!logIsQuiet) installLog('error');
  logIsQuiet = true;
}

export async function openLab({
  env = {},
  restore = {},
  output,
  worker = true,
}: LabOptions = {}): Promise<Lab> {
  const unique = randomUUID().slice(0, 8);
  const folder = await mkdtemp(join(tmpdir(), 'stowage-lab-'));
  const outputRoot = output ?? join(folder, 'output');
  const [taskQueue, database] = [`lab-${unique}`, `krakendb-${unique}`];
  if (output === undefined) await mkdir(outputRoot);
  const settingsFile = join(folder, 'settings.yaml');
  await writeFile(
    settingsFile,
    JSON.stringify({ locations: { output: { absolute_path: outputRoot } }, restore }),
  );
  const own = {
    ...QUICK,
    STOWAGE_CONFIG: settingsFile,
    STOWAGE_TASK_QUEUE: taskQueue,
    MONGODB_DB: database,
    ...env,
  };
  const config = await configOf(own);
  const corpus = await openCorpus(serversOf(database));
  const connection = await Connection.connect({ address: config.environment.TEMPORAL_ADDRESS });
  const client = new Client({ connection });
  const bundle = { code: await readFile(process.env['STOWAGE_TEST_BUNDLE'] ?? '', 'utf8') };
  // Temporal's runtime ends with its last worker: installed without one, it keeps the test's process alive.
  const run = (): Promise<RunningWorker> => {
    quietLog();
    return startWorker(config, bundle);
  };
  let running: RunningWorker | null = worker ? await run() : null;
  const stopWorker = async (): Promise<void> => {
    await running?.stop();
    running = null;
  };
  const start = (...args: readonly unknown[]): Promise<WorkflowHandle> =>
    client.workflow.start('restore', { taskQueue, workflowId: `restore-${randomUUID()}`, args: [...args] });
  const tree = async (): Promise<readonly string[]> =>
    (await readdir(outputRoot, { recursive: true })).toSorted();
  return {
    corpus,
    client,
    taskQueue,
    output: outputRoot,
    database,
    config,
    env: own,
    folder,
    unique,
    project: (name) => `${name}-${unique}`,
    start,
    restore: async (...args) => endOf(await start(...args)),
    read: (path) => readFile(join(outputRoot, path)),
    holds: async (path, bytes) => (await readFile(join(outputRoot, path))).equals(bytes),
    write: async (path, bytes) => {
      await mkdir(dirname(join(outputRoot, path)), { recursive: true });
      await writeFile(join(outputRoot, path), bytes);
    },
    tree,
    strays: async () => (await tree()).filter((path) => /(^|\/)\.stowage/.test(path)),
    stopWorker,
    restartWorker: async () => {
      await stopWorker();
      running = await run();
    },
    close: async () => {
      await stopWorker();
      await corpus.close();
      await connection.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function endOf(handle: Pick<WorkflowHandle, 'result'>): Promise<Ended> {
  try {
    return { failure: null, result: (await handle.result()) as RestoreResult };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const [result] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
    const type = cause instanceof ApplicationFailure ? (cause.type ?? '') : (cause?.name ?? '');
    return { failure: { type, message: cause?.message ?? '' }, result: result as RestoreResult };
  }
}

/** Short pauses, so that a test of a retry takes seconds. */
const QUICK = { RESTORE_RETRY_DELAY: '1s', RESTORE_RETRIES: '1', TRANSFER_STALL_TIMEOUT: '5s' };

async function configOf(own: Readonly<Record<string, string>>): Promise<Config> {
  const config = await loadConfig({ ...process.env, ...own });
  if (!config.ok) throw new Error(config.message);
  return config.value;
}

/** MongoDB for what tests write themselves: past the ear that hears what the build sends (global-setup.ts). */
export const writersMongoUri = (): string => process.env['STOWAGE_TEST_MONGODB_URI'] ?? '';

/** The servers of the environment, as dev/corpus.ts wants them. */
export const serversOf = (database: string) => ({
  endpoint: process.env['AWS_ENDPOINT_URL_S3'] ?? '',
  region: process.env['AWS_REGION'] ?? '',
  accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? '',
  mongoUri: writersMongoUri(),
  database,
});
