/** Where the worker's settings come from: the environment and the settings file, all mistakes at once. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Parsed } from '../core/input.js';
import { parseEnvironment, parseSettingsFile } from '../core/settings.js';
import type { Environment, RestoreSettings } from '../core/settings.js';

export interface Config {
  readonly environment: Environment;
  readonly settings: RestoreSettings;
}

/** Reads everything a worker needs. The message of a failure lists every mistake, one a line, and never a secret. */
export async function loadConfig(env: Readonly<Record<string, string | undefined>>): Promise<Parsed<Config>> {
  const environment = parseEnvironment(env);
  const settings = await loadSettingsFile(env['STOWAGE_CONFIG']);
  const problems = [environment, settings].flatMap((part) => (part.ok ? [] : [part.message]));
  if (!environment.ok || !settings.ok) return { ok: false, message: problems.join('\n') };
  return { ok: true, value: { environment: environment.value, settings: settings.value } };
}

/** Reads the settings file; a mistake names the file. */
export async function loadSettingsFile(path: string | undefined): Promise<Parsed<RestoreSettings>> {
  if (path === undefined || path === '')
    return {
      ok: false,
      message: 'STOWAGE_CONFIG: expected the path of the settings file (YAML); it is not set',
    };
  try {
    const parsed = parseSettingsFile(parse(await readFile(path, 'utf8')));
    return parsed.ok
      ? parsed
      : { ok: false, message: `${path}: ${parsed.message.replaceAll('\n', `\n${path}: `)}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { ok: false, message: `STOWAGE_CONFIG: cannot read ${path}: ${reason}` };
  }
}
