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

export interface OriginalRun {
  readonly s3: Stack['s3'];
  readonly bucket: string;
  readonly output: string;
  readonly chunkMb: number;
  readonly keysFile: string;
}

/** Seconds that the original's way takes. */
export async function runOriginal(
  python: string,
  { s3, bucket, output, chunkMb, keysFile }: OriginalRun,
): Promise<number> {
  const args = [
    resolve('bench/original.py'),
    s3.endpoint,
    s3.region,
    bucket,
    output,
    String(chunkMb),
    keysFile,
  ];
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
  const { stdout } = await run(python, args, { env });
  return (JSON.parse(stdout) as { seconds: number }).seconds;
}
