/** A ZIP of attachments over HTTP, from the request to its last byte, beside the original's way. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SignJWT } from 'jose';
import { MongoClient } from 'mongodb';
import { MEBIBYTE } from '../core/units.js';
import type { LocalStack } from '../dev/local-stack.js';
import { inTime, median, tableOf, takeTurns, timesAsFast } from './measure.js';
import { runOriginal } from './original.js';
import type { Settings } from './restore.js';
import { s3ClientOf, seedObjects } from './zip-objects.js';

/** What the worker and the API must have in their environment before they start. */
export const ZIP_ENVIRONMENT = {
  STOWAGE_ATTACHMENTS_BUCKET: 'stowage-bench-attachments',
  STOWAGE_ZIP_BUCKET: 'stowage-bench-zips',
  STOWAGE_ZIP_DB: 'stowage_bench_clients',
  ZIP_TTL: '1m',
} as const;
const SECRET = 'a secret that signs tokens of benchmarks alone';
const COUNT = 50;

interface Client {
  readonly workspaceId: string;
  readonly clientId: string;
  readonly ids: readonly string[];
  readonly keys: readonly string[];
}

/** The table of ZIPs over HTTP. */
export async function benchZipApi(settings: Settings): Promise<string> {
  const { local, rounds, say, python } = settings;
  const client = await seedClient(local);
  const keysFile = join(local.output, 'attachment-keys.json');
  await writeFile(keysFile, JSON.stringify(client.keys));
  const { endpoint, region } = local.stack.s3;
  const args = ['memory', 'deflated', endpoint, region, ZIP_ENVIRONMENT.STOWAGE_ATTACHMENTS_BUCKET, keysFile];
  const { address, process: api } = await startApi(local);
  try {
    const ways = [
      { name: 'stowage', run: () => download(address, client) },
      { name: 'original', run: () => runOriginal(python, local.stack.s3, 'original_zip.py', args) },
    ];
    const what = `${COUNT} x 2 MiB over HTTP`;
    const [ours = [], theirs = []] = await takeTurns(what, ways, rounds, say);
    const row = [what, inTime(median(theirs)), inTime(median(ours)), timesAsFast(ours, theirs)];
    return tableOf(['workload', 'original', 'stowage, to the last byte', 'times as fast'], [row]);
  } finally {
    api.kill('SIGTERM');
    await once(api, 'exit');
  }
}

async function seedClient({ stack }: LocalStack): Promise<Client> {
  const ids = Array.from({ length: COUNT }, () => randomUUID());
  const [workspaceId, clientId] = [randomUUID(), randomUUID()];
  const keys = ids.map((_, at) => `attachments/${at}.jpg`);
  const s3 = s3ClientOf(stack.s3);
  await seedObjects(s3, ZIP_ENVIRONMENT.STOWAGE_ATTACHMENTS_BUCKET, keys, 2 * MEBIBYTE);
  await seedObjects(s3, ZIP_ENVIRONMENT.STOWAGE_ZIP_BUCKET, [], 0);
  s3.destroy();
  const mongo = await MongoClient.connect(stack.mongo.uri);
  const collection = (name: string) =>
    mongo.db(ZIP_ENVIRONMENT.STOWAGE_ZIP_DB).collection<{ _id: string; [key: string]: unknown }>(name);
  await collection('workspaces').insertOne({ _id: workspaceId, status: 'active' });
  await collection('clients').insertOne({ _id: clientId, workspace_id: workspaceId });
  const documents = ids.map((_id, at) => ({
    _id,
    workspace_id: workspaceId,
    client_id: clientId,
    file_name: `picture ${at}.jpg`,
    s3_key: keys[at],
    file_size_bytes: 2 * MEBIBYTE,
    content_type: 'image/jpeg',
    deleted_at: null,
    created_at: new Date(),
  }));
  await collection('attachments').insertMany(documents);
  await mongo.close();
  return { workspaceId, clientId, ids, keys };
}

interface Api {
  readonly address: string;
  readonly process: ChildProcess;
}

/** A process of its own, as in production. */
async function startApi({ env }: LocalStack): Promise<Api> {
  const own = { ...ZIP_ENVIRONMENT, JWT_SECRET: SECRET, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'info' };
  const api = spawn(process.execPath, ['bin/stowage.js', 'api'], {
    env: { ...process.env, ...env, ...own },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const line of createInterface({ input: api.stderr })) {
    said += `${line}\n`;
    const address = /"address":"([^"]+)"/.exec(line)?.[1];
    if (address === undefined) continue;
    api.stderr.resume();
    return { address, process: api };
  }
  throw new Error(`stowage api did not start: ${said}`);
}

/** Seconds from the request to the last byte. */
async function download(address: string, { workspaceId, clientId, ids }: Client): Promise<number> {
  const token = await new SignJWT({ workspace_id: workspaceId, scope: 'zip' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('bench')
    .setExpirationTime('5m')
    .sign(Buffer.from(SECRET));
  const started = performance.now();
  const answer = await fetch(`${address}/api/v1/clients/${clientId}/attachments/download-multiple`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ attachment_ids: ids }),
  });
  let bytes = 0;
  for await (const chunk of answer.body ?? []) bytes += (chunk as Uint8Array).length;
  const elapsedMs = performance.now() - started;
  if (answer.status !== 200 || bytes !== Number(answer.headers.get('content-length')))
    throw new Error(`the API answered ${answer.status} with ${bytes} bytes`);
  return elapsedMs / 1000;
}
