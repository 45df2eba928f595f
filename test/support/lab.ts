/** A laboratory for whole jobs: the real servers, a catalogue and buckets of its own, an output folder, and a worker. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RestoreResult } from '../../core/contract.js';
import { parseEnvironment, parseSettingsFile } from '../../core/settings.js';
import { openCorpus } from '../../dev/corpus.js';
import type { Corpus } from '../../dev/corpus.js';
import { startWorker } from '../../worker/wire.js';
import type { RunningWorker } from '../../worker/wire.js';
import type { Config } from '../../worker/config.js';

export interface Lab {
  readonly corpus: Corpus;
  readonly client: Client;
  readonly taskQueue: string;
  readonly output: string;
  readonly database: string;
  readonly config: Config;
  /** A name that no other test uses: for projects (and so buckets) and raw files. */
  readonly unique: string;
  start(...args: readonly unknown[]): Promise<WorkflowHandle>;
  /** Runs a restore to its end: its result, or the type, message and result of its failure. */
  restore(...args: readonly unknown[]): Promise<Ended>;
  read(path: string): Promise<Buffer>;
  /** Every name below the output folder, hidden ones included. */
  tree(): Promise<readonly string[]>;
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
  const config = configOf(
    { STOWAGE_TASK_QUEUE: taskQueue, MONGODB_DB: database, ...env },
    outputRoot,
    restore,
  );
  const corpus = await openCorpus(serversOf(database));
  const connection = await Connection.connect({ address: config.environment.TEMPORAL_ADDRESS });
  const client = new Client({ connection });
  const bundle = { code: await readFile(process.env['STOWAGE_TEST_BUNDLE'] ?? '', 'utf8') };
  let running: RunningWorker | null = worker ? await startWorker(config, bundle) : null;
  const stopWorker = async (): Promise<void> => {
    await running?.stop();
    running = null;
  };
  const start = (...args: readonly unknown[]): Promise<WorkflowHandle> =>
    client.workflow.start('restore', { taskQueue, workflowId: `restore-${randomUUID()}`, args: [...args] });
  return {
    corpus,
    client,
    taskQueue,
    output: outputRoot,
    database,
    config,
    unique,
    start,
    restore: async (...args) => endOf(await start(...args)),
    read: (path) => readFile(join(outputRoot, path)),
    tree: async () => (await readdir(outputRoot, { recursive: true })).toSorted(),
    stopWorker,
    restartWorker: async () => {
      await stopWorker();
      running = await startWorker(config, bundle);
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

function configOf(env: Readonly<Record<string, string>>, outputRoot: string, restore: object): Config {
  const quick = { RESTORE_RETRY_DELAY: '1s', RESTORE_RETRIES: '1', TRANSFER_STALL_TIMEOUT: '5s' };
  const environment = parseEnvironment({ ...process.env, ...quick, ...env });
  const settings = parseSettingsFile({ locations: { output: { absolute_path: outputRoot } }, restore });
  if (!environment.ok || !settings.ok) throw new Error(environment.ok ? 'settings' : environment.message);
  return { environment: environment.value, settings: settings.value };
}

/** The servers of the environment, as dev/corpus.ts wants them. */
export const serversOf = (database: string) => ({
  endpoint: process.env['AWS_ENDPOINT_URL_S3'] ?? '',
  region: process.env['AWS_REGION'] ?? '',
  accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? '',
  mongoUri: process.env['MONGODB_URI'] ?? '',
  database,
});
