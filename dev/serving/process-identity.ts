import { readFile } from 'node:fs/promises';
import { runCommand } from '../obtaining/run-command.js';

/**
 * A process as it can be recognised later: process ids are given to others after its end, whole command lines
 * hardly.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly commandLine: string;
}

async function fromPs(pid: number): Promise<string | undefined> {
  return runCommand('ps', ['-o', 'args=', '-p', String(pid)]).catch(() => undefined);
}

/** Undefined when no such process runs. */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  try {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return words.replaceAll('\0', ' ').trim() || undefined;
  } catch {
    return process.platform === 'linux' ? undefined : fromPs(pid);
  }
}

export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, commandLine: (await commandLineOf(pid)) ?? '' };
}

export async function stillRuns({ pid, commandLine }: ProcessIdentity): Promise<boolean> {
  return commandLine !== '' && (await commandLineOf(pid)) === commandLine;
}
