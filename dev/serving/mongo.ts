import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mongod } from '../obtaining/mongod.js';
import { obtainProgram } from '../obtaining/obtain-program.js';
import { mongoAnswers, portAnswers } from './answers.js';
import { isGiven } from './given.js';
import type { Place } from './place.js';
import { freePort } from './ports.js';
import type { Running } from './running.js';
import { startServer } from './server-process.js';

export interface MongoDetails {
  readonly uri: string;
}

/** A URI may hold a password: messages show where it leads, no more. */
function withoutPassword(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/, '//…@');
}

async function given(uri: string): Promise<Running<MongoDetails>> {
  const shown = withoutPassword(uri);
  if (!(await mongoAnswers(uri))) {
    throw new Error(
      `MONGODB_URI names ${shown}, which does not answer. Start that server, or unset MONGODB_URI to have one started here.`,
    );
  }
  return { details: { uri }, origin: `MongoDB: ${shown}, given by MONGODB_URI` };
}

async function start(place: Place): Promise<Running<MongoDetails>> {
  const program = await obtainProgram(mongod, place.say, place.env);
  const port = await freePort();
  const folder = join(place.dataFolder, 'mongo');
  await mkdir(folder, { recursive: true });
  const uri = `mongodb://127.0.0.1:${port}`;
  const process = await startServer({
    title: mongod.title,
    command: program.path,
    args: ['--port', `${port}`, '--bind_ip', '127.0.0.1', '--nounixsocket', '--dbpath', folder],
    cwd: folder,
    logFile: join(place.logFolder, 'mongo.log'),
    // The driver is slow to notice a port that opens: it asks again only twice a second.
    isReady: async () => (await portAnswers('127.0.0.1', port)) && mongoAnswers(uri),
    say: place.say,
  });
  return { details: { uri }, origin: `${mongod.title}: ${program.origin}`, process };
}

export async function runMongo(place: Place): Promise<Running<MongoDetails>> {
  const uri = place.env['MONGODB_URI'];
  return isGiven(uri) ? given(uri) : start(place);
}
