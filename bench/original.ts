import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Stack } from '../dev/stack.js';

const run = promisify(execFile);

/** A Python that has boto3: the system's, or one in a virtual environment of our own. */
export async function pythonWithBoto3(say: (line: string) => void): Promise<string> {
  if (await hasBoto3('python3')) return 'python3';
  const cache =
    process.env['STOWAGE_CACHE_DIR'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'stowage');
  const folder = join(cache, 'bench-python');
  const python = join(folder, 'bin', 'python3');
  if (await hasBoto3(python)) return python;
  say('Installing boto3 for the comparison …');
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', 'boto3']);
  return python;
}

const hasBoto3 = (python: string): Promise<boolean> =>
  run(python, ['-c', 'import boto3']).then(
    () => true,
    () => false,
  );

/** Seconds that the original's way takes, by its own clock: without the start of Python. */
export async function runOriginal(
  python: string,
  { accessKeyId, secretAccessKey }: Stack['s3'],
  script: string,
  args: readonly string[],
): Promise<number> {
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const { stdout } = await run(python, [resolve('bench', script), ...args], { env });
  return (JSON.parse(stdout) as { readonly seconds: number }).seconds;
}
