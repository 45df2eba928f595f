import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { parseSettingsFile, type RestoreSettings } from '../../core/settings.js';
import { fail, ok, type Finding } from './finding.js';

export interface CheckedSettings {
  readonly findings: readonly Finding[];
  readonly settings: RestoreSettings | null;
}

const EXAMPLE = 'deploy/stowage.example.yaml shows one';

export async function checkSettingsFile(path: string | undefined): Promise<CheckedSettings> {
  const subject = { name: 'Settings file', address: path ?? null };
  const refuse = (message: string, todo: string): CheckedSettings => ({
    findings: [fail(subject, 'settings', message, todo)],
    settings: null,
  });
  if (path === undefined)
    return refuse('STOWAGE_CONFIG is not set', `set it to the path of the YAML settings file; ${EXAMPLE}`);
  const document = await readYaml(path);
  if (!document.ok) return refuse(document.message, document.todo);
  const parsed = parseSettingsFile(document.value);
  if (parsed.ok)
    return { findings: [ok(subject, `restores go to ${parsed.value.outputRoot}`)], settings: parsed.value };
  const findings = parsed.message
    .split('\n')
    .map((line) => fail(subject, 'settings', line, `correct it; ${EXAMPLE}`));
  return { findings, settings: null };
}

type Document =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string; readonly todo: string };

async function readYaml(path: string): Promise<Document> {
  try {
    return { ok: true, value: parse(await readFile(path, 'utf8')) as unknown };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      return {
        ok: false,
        message: 'does not exist',
        todo: 'correct STOWAGE_CONFIG, or mount the file there',
      };
    if (code === 'EACCES')
      return { ok: false, message: 'may not be read', todo: 'let the user of the worker read it' };
    return { ok: false, message: `is not YAML: ${message}`, todo: `correct it; ${EXAMPLE}` };
  }
}
