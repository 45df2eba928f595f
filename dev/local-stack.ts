/** The servers and a worker of this build, together: what `stowage dev` and the demo run. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { loadConfig } from '../worker/config.js';
import { installLog } from '../worker/log.js';
import { startWorker } from '../worker/wire.js';
import { startStack } from './stack.js';
import type { Stack } from './stack.js';

export interface LocalStack {
  readonly stack: Stack;
  /** What a CLI or another worker needs to join. */
  readonly env: Readonly<Record<string, string>>;
  readonly output: string;
  readonly database: string;
  stop(): Promise<void>;
}

export interface LocalStackOptions {
  readonly dataDir: string;
  readonly output: string;
  readonly database: string;
  readonly taskQueue: string;
  /** Of the worker's log; `error` by default. */
  readonly logLevel?: 'warn' | 'error';
  /** More settings of the worker. */
  readonly env?: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

/** Starts what is not running yet, writes a settings file for the output folder, and starts a worker in this process. */
export async function startLocalStack({
  dataDir,
  output,
  database,
  taskQueue,
  logLevel = 'error',
  env: more = {},
  say,
}: LocalStackOptions): Promise<LocalStack> {
  const stack = await startStack({ dataDir: resolve(dataDir), persistent: true, say });
  try {
    const settings = join(resolve(dataDir), `settings-${taskQueue}.yaml`);
    await mkdir(output, { recursive: true });
    await writeFile(settings, stringify({ locations: { output: { absolute_path: resolve(output) } } }));
    const env = {
      ...stack.env,
      STOWAGE_CONFIG: settings,
      STOWAGE_TASK_QUEUE: taskQueue,
      MONGODB_DB: database,
      ...more,
    };
    // The AWS SDK finds its credentials in the environment of the process, and this process is the worker too.
    Object.assign(process.env, env);
    const config = await loadConfig(process.env);
    if (!config.ok) throw new Error(config.message);
    // Not before: Temporal's runtime keeps a process alive that has no worker. And not to stop it at the first signal, which is
    // for whoever started servers and worker to do, in order.
    installLog(logLevel, { shutdownSignals: [] });
    const worker = await startWorker(config.value);
    say(`Worker: listening on the task queue ${taskQueue}`);
    const stop = async (): Promise<void> => {
      await worker.stop();
      await stack.stop();
    };
    return { stack, env, output: resolve(output), database, stop };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** Lines that make a shell reach these servers. */
export const exportLines = (env: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(env).map(
    ([name, value]) => `export ${name}=${/^[\w:./@-]*$/.test(value) ? value : `'${value}'`}`,
  );

/** Resolves at the first Ctrl-C, SIGTERM or SIGHUP. */
export const untilInterrupted = (): Promise<NodeJS.Signals> =>
  new Promise((done) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => done(name));
  });
