/** Programs as people run them: the `stowage` of this build and others, as processes of their own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.js';
import { until } from './until.js';

const STOWAGE = fileURLToPath(new URL('../../../bin/stowage.js', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface StartedProcess {
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ran>;
  readonly said: () => string;
}

export function startProcess(
  command: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly input?: string;
  },
): StartedProcess {
  const { env = {}, cwd, input = '' } = options;
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, out, err }));
  });
  return {
    ended,
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    said: () => `${out}${err}`,
  };
}

/** `stowage …` in a laboratory. */
export const stowage = (lab: Lab, args: readonly string[], input = ''): Promise<Ran> =>
  startProcess(process.execPath, [STOWAGE, ...args], { env: lab.env, cwd: lab.folder, input }).ended;

/** `stowage worker` in a laboratory, listening. */
export const startWorkerProcess = (
  lab: Lab,
  env: Readonly<Record<string, string>> = {},
): Promise<StartedProcess> => startWorkerIn(lab.folder, { ...lab.env, ...env });

/** `stowage worker` in a folder, listening. */
export async function startWorkerIn(
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<StartedProcess> {
  const worker = startProcess(process.execPath, [STOWAGE, 'worker'], {
    env: { LOG_LEVEL: 'info', ...env },
    cwd,
  });
  const died = worker.ended.then(({ err }) => Promise.reject(new Error(`the worker ended: ${err}`)));
  await Promise.race([until('a worker is ready', () => worker.said().includes('worker is ready')), died]);
  died.catch(() => undefined);
  return worker;
}
