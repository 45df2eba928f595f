import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Made up once per data folder and kept there, so that a client set up for it still works after a restart.
 */
export async function s3Credentials(dataFolder: string): Promise<S3Credentials> {
  const path = join(dataFolder, 's3-credentials.json');
  const fresh = { accessKeyId: 'stowage-dev', secretAccessKey: randomBytes(20).toString('hex') };
  try {
    await writeFile(path, JSON.stringify(fresh), { flag: 'wx', mode: 0o600 });
    return fresh;
  } catch {
    return JSON.parse(await readFile(path, 'utf8')) as S3Credentials;
  }
}
