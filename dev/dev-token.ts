/** Tokens of the development API: signed with a secret that is made once for a data folder and never leaves it. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SignJWT } from 'jose';

/** Reads the secret, or makes one. */
export async function devSecret(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const secret = randomBytes(32).toString('hex');
  try {
    await writeFile(path, secret, { mode: 0o600, flag: 'wx' });
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readFile(path, 'utf8')).trim();
  }
}

export interface DevUser {
  readonly user: string;
  readonly workspaceId: string;
}

/** A token for everything the API can do, good for a working day. */
export const devToken = (secret: string, { user, workspaceId }: DevUser): Promise<string> =>
  new SignJWT({ workspace_id: workspaceId, scope: 'zip restore' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime('12h')
    .sign(new TextEncoder().encode(secret));
