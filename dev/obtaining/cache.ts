import { homedir } from 'node:os';
import { join } from 'node:path';

/** Takes one line meant for a person: progress, or what was taken from where. */
export type Say = (line: string) => void;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where obtained programs stay between runs: `bin/` (programs), `jars/` (what a program in `bin/` loads),
 * `origins/`.
 */
export function cacheFolder(env: Environment = process.env): string {
  return env['STOWAGE_CACHE_DIR'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stowage');
}

export function programPath(cache: string, name: string): string {
  return join(cache, 'bin', name);
}
