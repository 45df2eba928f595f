/**
 * ZIPs of a size that tests have no time for: 100,000 small objects, and (asked for with `--gigabytes`) 20 of 512 MiB. The worker
 * is a process of its own with the image's settings. Prints time, its peak of memory and the length of the history, and fails where one is too large or
 * the ZIP is not whole. `--keep` leaves the small objects stored for the next run.
 */
import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { forEachAtOnce } from '../../activities/in-flight.js';
import { MEBIBYTE } from '../../core/units.js';
import type { BulkZipResult } from '../../core/zip-contract.js';
import { noise } from '../../dev/corpus.js';
import { startStack } from '../../dev/stack.js';
import { startWorkerIn } from '../support/processes.js';

interface Case {
  readonly name: string;
  readonly objects: number;
  readonly put: (s3: S3Client, at: number) => Promise<void>;
}

const [MOST_EVENTS, MOST_BYTES, MOST_MEMORY_MIB] = [10_000, 5 * MEBIBYTE, 256];
const [BUCKET, PART_BYTES, LARGE_BYTES] = ['zip-large', 64 * MEBIBYTE, 512 * MEBIBYTE];

const SMALL: Case = {
  name: '100,000 × 1 KiB',
  objects: Number(process.env['ZIP_LARGE_OBJECTS'] ?? 100_000),
  put: async (s3, at) => {
    const Key = `small/${Math.floor(at / 1000)}/object ${at}.bin`;
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: noise(1024, String(at)) }));
  },
};

const LARGE: Case = {
  name: '20 × 512 MiB',
  objects: 20,
  put: async (s3, at) => {
    const target = { Bucket: BUCKET, Key: `large/object ${at}.bin` };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const Parts = [];
    for (let part = 1; part <= LARGE_BYTES / PART_BYTES; part += 1) {
      const Body = noise(PART_BYTES, `${at} ${part}`);
      const request = { ...target, UploadId, PartNumber: part, Body };
      Parts.push({ PartNumber: part, ETag: (await s3.send(new UploadPartCommand(request))).ETag });
    }
    await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
  },
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const keep = process.argv.includes('--keep');
const dataDir = resolve('.stowage', 'zip-large');
const taskQueue = 'stowage-zip-large';
const stack = await startStack({ dataDir, persistent: true, say });
const { s3: server, temporal } = stack;
const STOWAGE_CONFIG = resolve(dataDir, 'settings.yaml');
await writeFile(STOWAGE_CONFIG, stringify({ locations: { output: { absolute_path: dataDir } } }));
const worker = await startWorkerIn(dataDir, {
  ...stack.env,
  ...(await envOfImage()),
  STOWAGE_TASK_QUEUE: taskQueue,
  STOWAGE_CONFIG,
});
const { endpoint, region, accessKeyId, secretAccessKey } = server;
const s3 = new S3Client({
  endpoint,
  region,
  forcePathStyle: true,
  credentials: { accessKeyId, secretAccessKey },
});
const connection = await Connection.connect({ address: temporal.address });
const { workflow } = new Client({ connection });

/** As in the image: what it sets for Node and malloc. */
async function envOfImage(): Promise<Readonly<Record<string, string>>> {
  const [, line = ''] = /^ENV (NODE_ENV=.*)$/m.exec(await readFile('Dockerfile', 'utf8')) ?? [];
  return Object.fromEntries(line.split(' ').map((pair) => pair.split(/=(.*)/s, 2)));
}

/** The most memory that the worker has had since it was started (Linux counts it). */
async function peakMib(): Promise<number> {
  const status = await readFile(`/proc/${worker.pid}/status`, 'utf8');
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}

/** As `unzip` sees it: every CRC32. */
async function check(Key: string): Promise<void> {
  const path = resolve(dataDir, 'downloaded.zip');
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
  await pipeline(Body as Readable, createWriteStream(path));
  await promisify(execFile)('unzip', ['-tqq', path]);
  await rm(path);
}

const isStored = (folder: string): Promise<boolean> =>
  s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: `stored-${folder}` })).then(
    () => true,
    () => false,
  );

async function run({ name, objects, put }: Case, folder: string): Promise<readonly string[]> {
  say(`${name}: storing …`);
  if (!(await isStored(folder))) {
    const numbers = Array.from({ length: objects }, (_, at) => at);
    await forEachAtOnce(numbers, 32, new AbortController().signal, (at) => put(s3, at));
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `stored-${folder}`, Body: '' }));
  }
  const started = performance.now();
  const handle = await workflow.start('bulkZip', {
    taskQueue,
    workflowId: `zip-large-${randomUUID()}`,
    args: [{ prefix: `s3://${BUCKET}/${folder}/`, output: `s3://${BUCKET}/${folder}.zip` }],
  });
  const result = (await handle.result()) as BulkZipResult;
  const elapsedS = (performance.now() - started) / 1000;
  const { historyLength, historySize = 0 } = await handle.describe();
  const peak = await peakMib();
  const mib = (result.size_bytes / MEBIBYTE).toFixed(1);
  say(`${name}: ${result.entries} of ${objects} entries, ${mib} MB in ${elapsedS.toFixed(1)} s`);
  say(`  history: ${historyLength} events, ${historySize} bytes; peak of the worker's memory: ${peak} MB`);
  await check(`${folder}.zip`);
  say('  unzip -t: no errors');
  return [
    ...(result.entries === objects ? [] : [`${name}: wanted ${objects} entries, found ${result.entries}`]),
    ...(historyLength < MOST_EVENTS && historySize < MOST_BYTES ? [] : [`${name}: the history is too long`]),
    ...(peak < MOST_MEMORY_MIB
      ? []
      : [`${name}: the worker had ${peak} MB; wanted below ${MOST_MEMORY_MIB}`]),
  ];
}

const problems: string[] = [];
try {
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET })).catch(() => undefined);
  problems.push(...(await run(SMALL, 'small')));
  if (process.argv.includes('--gigabytes')) problems.push(...(await run(LARGE, 'large')));
} finally {
  worker.kill('SIGTERM');
  await worker.ended;
  await connection.close();
  s3.destroy();
  await stack.stop();
  if (!keep) await rm(dataDir, { recursive: true, force: true });
}
for (const problem of problems) say(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
