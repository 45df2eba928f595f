import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment, Say } from '../obtaining/cache.js';
import { endWithUs, signalGroup } from './end-with-us.js';

export interface ServerCommand {
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Environment;
  readonly logFile: string;
  readonly isReady: () => Promise<boolean>;
  /** Hears of an end that nobody asked for. */
  readonly say: Say;
}

export interface ServerProcess {
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

const readyWithinMs = 30_000;
const stopWithinMs = 5_000;
const pollMs = 50;
const logLinesInErrors = 15;

function spawnLogged({ command, args, cwd, env, logFile }: ServerCommand): ChildProcess {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  try {
    // A group of its own: what the server starts ends with it, and Ctrl-C reaches it through us, in order.
    return spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function howItEnded(child: ChildProcess): string {
  return child.signalCode ?? `code ${child.exitCode}`;
}

async function stopChild(child: ChildProcess, pid: number): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  signalGroup(pid, 'SIGTERM');
  await Promise.race([ended, sleep(stopWithinMs, undefined, { ref: false })]);
  if (hasEnded(child)) return;
  signalGroup(pid, 'SIGKILL');
  await ended;
}

function lastLines(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-logLinesInErrors).join('\n');
}

function startFailure(server: ServerCommand, what: string): Error {
  const call = [server.command, ...server.args].join(' ');
  return new Error(
    `${server.title} ${what}.\nStarted as: ${call}\nIts log, ${server.logFile}, ends:\n${lastLines(server.logFile)}`,
  );
}

async function waitUntilReady(server: ServerCommand, child: ChildProcess): Promise<void> {
  const giveUpAt = Date.now() + readyWithinMs;
  while (!(await server.isReady())) {
    if (hasEnded(child)) throw startFailure(server, `ended at its start (${howItEnded(child)})`);
    if (Date.now() > giveUpAt) throw startFailure(server, `did not answer within ${readyWithinMs / 1000} s`);
    await sleep(pollMs);
  }
}

async function started(server: ServerCommand, child: ChildProcess): Promise<number> {
  if (child.pid !== undefined) return child.pid;
  const [error] = (await once(child, 'error')) as [Error];
  throw new Error(`${server.title} could not be started: ${error.message}`);
}

function supervise(child: ChildProcess, pid: number): ServerProcess {
  const stop = () => stopChild(child, pid);
  child.once('exit', endWithUs({ pid, stop }));
  return { pid, stop };
}

/** From its readiness on, an end that nobody asked for is told. */
function tellOfEnd(server: ServerCommand, child: ChildProcess, running: ServerProcess): ServerProcess {
  const tell = () =>
    server.say(`${server.title} ended by itself (${howItEnded(child)}); its log: ${server.logFile}`);
  child.once('exit', tell);
  const stop = () => {
    child.off('exit', tell);
    return running.stop();
  };
  return { pid: running.pid, stop };
}

/**
 * Resolves when the server answers. When it does not come up, nothing of it is left, and the error shows the
 * end of its log.
 */
export async function startServer(server: ServerCommand): Promise<ServerProcess> {
  const child = spawnLogged(server);
  const running = supervise(child, await started(server, child));
  try {
    await waitUntilReady(server, child);
    return tellOfEnd(server, child, running);
  } catch (error) {
    await running.stop();
    throw error;
  }
}
