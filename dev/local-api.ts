/** The HTTP API of the local stack, with a practice to download from and a token to do it with. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { readApiConfig, startApi } from '../worker/api-server.js';
import type { RunningApi } from '../worker/api-server.js';
import { CLINIC, CLINIC_IDS, makeClinic } from './clinic-corpus.js';
import type { ClinicPlace } from './clinic-corpus.js';
import { devSecret, devToken } from './dev-token.js';
import type { LocalStack } from './local-stack.js';
import { freePort } from './serving/ports.js';

const USUAL_PORT = 8080;

export interface LocalApi extends RunningApi {
  readonly clinic: ClinicPlace;
  /** Address and files of a download of the whole practice. */
  readonly download: LocalDownload;
}

export interface LocalDownload {
  readonly url: string;
  readonly tokenFile: string;
  readonly bodyFile: string;
}

/** What worker and API must know of each other; for `env` of startLocalStack. */
export async function apiEnvironment(
  dataDir: string,
  taskQueue: string,
): Promise<Readonly<Record<string, string>>> {
  return {
    JWT_SECRET: await devSecret(join(dataDir, 'jwt-secret')),
    // Names that nobody else has, for servers that were given and belong to somebody.
    STOWAGE_ZIP_DB: `${taskQueue}-dev-clinic`,
    STOWAGE_ATTACHMENTS_BUCKET: `${taskQueue}-dev-attachments`,
    STOWAGE_ZIP_BUCKET: `${taskQueue}-dev-zips`,
  };
}

/** Starts the API in this process, on its usual port or on a free one. */
export async function startLocalApi(
  { stack, env }: LocalStack,
  dataDir: string,
  say: (line: string) => void,
): Promise<LocalApi> {
  const clinic = {
    ...stack.s3,
    mongoUri: stack.mongo.uri,
    database: env['STOWAGE_ZIP_DB'] ?? '',
    bucket: env['STOWAGE_ATTACHMENTS_BUCKET'] ?? '',
    zipBucket: env['STOWAGE_ZIP_BUCKET'] ?? '',
  };
  await makeClinic(clinic);
  const port = String(await freePort(USUAL_PORT));
  const config = readApiConfig({ ...process.env, ...env, HOST: '127.0.0.1', PORT: port });
  if (!config.ok) throw new Error(config.message);
  const api = await startApi(config.value, pino({ level: 'fatal' }, pino.destination(2)));
  say(`API: listening at ${api.url} (described at ${api.url}/docs)`);
  return { ...api, clinic, download: await writeDownload(api.url, env['JWT_SECRET'] ?? '', dataDir) };
}

/** In files, so that the command stays short and the token out of the shell's history. */
async function writeDownload(url: string, secret: string, dataDir: string): Promise<LocalDownload> {
  const [tokenFile, bodyFile] = [join(dataDir, 'token'), join(dataDir, 'download.json')];
  await writeFile(resolve(tokenFile), await devToken(secret, CLINIC), { mode: 0o600 });
  await writeFile(resolve(bodyFile), JSON.stringify({ attachment_ids: CLINIC_IDS }));
  return {
    url: `${url}/api/v1/clients/${CLINIC.clientId}/attachments/download-multiple`,
    tokenFile,
    bodyFile,
  };
}

/** The command with which people download the practice's files. */
export const curlLine = ({ url, tokenFile, bodyFile }: LocalDownload): string =>
  `curl -fsS -OJ -H "Authorization: Bearer $(cat ${tokenFile})" ` +
  `-H 'Content-Type: application/json' -d @${bodyFile} ${url}`;
