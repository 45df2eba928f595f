import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_REGION } from '../../core/settings.js';
import { obtainProgram } from '../obtaining/obtain-program.js';
import { versitygw } from '../obtaining/versitygw.js';
import { httpAnswers } from './answers.js';
import { isGiven, requireGiven } from './given.js';
import type { Place } from './place.js';
import { freePort } from './ports.js';
import type { Running } from './running.js';
import { s3Credentials, type S3Credentials } from './s3-credentials.js';
import { startServer, type ServerCommand, type ServerProcess } from './server-process.js';

export interface S3Details extends S3Credentials {
  readonly endpoint: string;
  readonly region: string;
}

async function given(endpoint: string, { env }: Place): Promise<Running<S3Details>> {
  await requireGiven('AWS_ENDPOINT_URL_S3', endpoint);
  const [accessKeyId, secretAccessKey] = [env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY']];
  if (!isGiven(accessKeyId) || !isGiven(secretAccessKey)) {
    throw new Error(
      `AWS_ENDPOINT_URL_S3 names ${endpoint}; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set with it.`,
    );
  }
  const details = { endpoint, region: env['AWS_REGION'] || DEFAULT_REGION, accessKeyId, secretAccessKey };
  return { details, origin: `S3: ${endpoint}, given by AWS_ENDPOINT_URL_S3` };
}

/**
 * Object metadata lives in extended attributes; on a file system without them, in a folder beside the data.
 */
async function startEither(server: ServerCommand, sidecar: string): Promise<ServerProcess> {
  try {
    return await startServer(server);
  } catch (error) {
    if (!/xattr|extended attribute/i.test((error as Error).message)) throw error;
    await mkdir(sidecar, { recursive: true });
    return startServer({ ...server, args: [...server.args.slice(0, -1), '--sidecar', sidecar, '.'] });
  }
}

function serverCommand(
  place: Place,
  binary: string,
  endpoint: URL,
  credentials: S3Credentials,
): ServerCommand {
  const listen = ['--port', endpoint.host, '--region', DEFAULT_REGION, '--health', '/health'];
  return {
    title: versitygw.title,
    command: binary,
    args: [...listen, '--keep-alive', '--quiet', 'posix', '.'],
    cwd: join(place.dataFolder, 's3'),
    // Not as arguments, which every user of the machine can list.
    env: { ROOT_ACCESS_KEY_ID: credentials.accessKeyId, ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey },
    logFile: join(place.logFolder, 's3.log'),
    isReady: () => httpAnswers(`${endpoint.origin}/health`),
    say: place.say,
  };
}

async function start(place: Place): Promise<Running<S3Details>> {
  const program = await obtainProgram(versitygw, place.say, place.env);
  const credentials = await s3Credentials(place.dataFolder);
  const endpoint = new URL(`http://127.0.0.1:${await freePort()}`);
  const server = serverCommand(place, program.path, endpoint, credentials);
  await mkdir(server.cwd, { recursive: true });
  const process = await startEither(server, join(place.dataFolder, 's3-metadata'));
  const details = { endpoint: endpoint.origin, region: DEFAULT_REGION, ...credentials };
  return { details, origin: `${versitygw.title}: ${program.origin}`, process };
}

export async function runS3(place: Place): Promise<Running<S3Details>> {
  const endpoint = place.env['AWS_ENDPOINT_URL_S3'];
  return isGiven(endpoint) ? given(endpoint, place) : start(place);
}
