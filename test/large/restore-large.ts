/**
 * `npm run test:large`: what takes too long for every day. One file of more than 10 GB, one raw file of 10,000 files, one job
 * of 500 raw files; each must come back right, with a history far below Temporal's limits. Prints what was seen.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { RestoreResult } from '../../core/contract.js';
import { MEBIBYTE } from '../../core/units.js';
import { noise, openCorpus } from '../../dev/corpus.js';
import type { Corpus, FileSource } from '../../dev/corpus.js';
import { startLocalStack } from '../../dev/local-stack.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const CHUNK_MB = 500;

/** 10.5 GiB whose every part differs, made as it is read. */
const huge: FileSource = {
  sizeBytes: 10_752 * MEBIBYTE + 4321,
  read: async (start, end) => noise(end - start, `huge ${start}`),
};

interface Case {
  readonly name: string;
  readonly ids: readonly string[];
  readonly files: number;
  readonly fill: (corpus: Corpus) => Promise<void>;
}

const CASES: readonly Case[] = [
  {
    name: 'one file of 10.5 GiB',
    ids: ['large_huge.raw'],
    files: 1,
    fill: async (corpus) =>
      void (await corpus.add({
        id: 'large_huge.raw',
        project: 'LARGE',
        files: { 'large_huge.raw': huge },
        chunkMb: CHUNK_MB,
      })),
  },
  {
    name: 'one raw file of 10,000 files of 4 KiB',
    ids: ['large_many.d'],
    files: 10_000,
    fill: async (corpus) => {
      const names = Array.from(
        { length: 10_000 },
        (_, at) => `large_many.d/${Math.floor(at / 100)}/${at}.bin`,
      );
      const files = Object.fromEntries(names.map((name) => [name, noise(4096, name)]));
      await corpus.add({ id: 'large_many.d', project: 'LARGE', files });
    },
  },
  {
    name: '500 raw files of three projects',
    ids: Array.from({ length: 500 }, (_, at) => `large_${at}.raw`),
    files: 500,
    fill: async (corpus) => {
      for (let at = 0; at < 500; at += 1) {
        const id = `large_${at}.raw`;
        await corpus.add({ id, project: `LARGE${at % 3}`, files: { [id]: noise(100_000 + at, id) } });
      }
    },
  },
];

/** Temporal ends a run at 51,200 events or 50 MB, without a report; this project's own bound (docs/decisions/0003). */
const [MOST_EVENTS, MOST_BYTES] = [10_000, 5 * MEBIBYTE];

const dataDir = resolve('.stowage', 'large');
const output = resolve(dataDir, 'output');
const taskQueue = 'stowage-large';
const local = await startLocalStack({ dataDir, output, database: 'stowage_large', taskQueue, say });
const { s3, mongo, temporal } = local.stack;
const connection = await Connection.connect({ address: temporal.address });
const { workflow } = new Client({ connection });

async function run({ name, ids, files, fill }: Case): Promise<readonly string[]> {
  const corpus = await openCorpus({ ...s3, mongoUri: mongo.uri, database: local.database });
  say(`${name}: backing up …`);
  await fill(corpus);
  await corpus.close();
  const started = performance.now();
  const handle = await workflow.start('restore', {
    taskQueue,
    workflowId: `large-${randomUUID()}`,
    args: [{ raw_file_ids: ids }],
  });
  const result = (await handle.result()) as RestoreResult;
  const elapsedS = (performance.now() - started) / 1000;
  const { historyLength, historySize = 0 } = await handle.describe();
  const rss = Math.round(process.memoryUsage().rss / MEBIBYTE);
  say(
    `${name}: ${result.successful} of ${files} files, ${(result.bytes_downloaded / MEBIBYTE).toFixed(1)} MB in ${elapsedS.toFixed(1)} s`,
  );
  say(
    `  last run of the history: ${historyLength} events, ${historySize} bytes; resident memory of worker and servers' client: ${rss} MB`,
  );
  return [
    ...(result.successful === files ? [] : [`${name}: wanted ${files} files, found ${result.successful}`]),
    ...(historyLength < MOST_EVENTS && historySize < MOST_BYTES ? [] : [`${name}: the history is too long`]),
  ];
}

const problems: string[] = [];
try {
  for (const one of CASES) problems.push(...(await run(one)));
} finally {
  await connection.close();
  await local.stop();
  await rm(dataDir, { recursive: true, force: true });
}
for (const problem of problems) say(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
