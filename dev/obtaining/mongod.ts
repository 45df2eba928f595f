import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { programPath } from './cache.js';
import { dockerWrapper } from './docker-wrapper.js';
import { requireHost } from './download.js';
import { mongoStandIn } from './mongo-stand-in.js';
import type { Recipe, Way } from './recipe.js';

// What the downloader itself takes by default: it knows this version's archives for each system.
const version = '8.2.6';

// As in docker-compose.temporal.yml.
const image = 'mongo:8.0.4';

async function download(folder: string): Promise<string> {
  await requireHost('https://fastdl.mongodb.org');
  const { MongoBinary } = await import('mongodb-memory-server-core/lib/util/MongoBinary.js');
  const path = await MongoBinary.getPath({ version, downloadDir: join(folder, 'download') });
  await mkdir(join(folder, 'bin'));
  await copyFile(path, programPath(folder, 'mongod'));
  return `mongod ${version}, downloaded by mongodb-memory-server`;
}

const memoryServer: Way = { name: `download of mongod ${version} by mongodb-memory-server`, make: download };

export const mongod: Recipe = {
  name: 'mongod',
  title: 'MongoDB',
  pin: `${version} or its stand-in`,
  ways: [memoryServer, dockerWrapper('mongod', { image, entrypoint: 'mongod' }), mongoStandIn],
  remedy:
    'Set MONGODB_URI to a running MongoDB, or put mongod on PATH, or install Docker, or Maven with a JDK (11 or later) and try again.',
};
