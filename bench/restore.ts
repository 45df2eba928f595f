/** Whole restore jobs, through Temporal, beside boto3 used as the original uses it. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bucketOf, noise, openCorpus } from '../dev/corpus.js';
import type { LocalStack } from '../dev/local-stack.js';
import { MEBIBYTE } from '../core/units.js';
import { inTime, median, tableOf, takeTurns, timesAsFast, type Say } from './measure.js';
import { runOriginal } from './original.js';
import { runJob } from './stowage.js';

interface Workload {
  readonly name: string;
  readonly id: string;
  readonly chunkMb: number;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Files the original restores in a round: it needs minutes for what is small and many, and its time per file is constant. */
  readonly originalFiles: number;
}

const PROJECT = 'BENCH';

const big = (): Workload => ({
  name: '4 x 256 MiB, ETag parts of 50 MiB',
  id: 'bench_big.d',
  chunkMb: 50,
  files: Object.fromEntries(
    [0, 1, 2, 3].map((at) => [`bench_big.d/${at}.bin`, noise(256 * MEBIBYTE, `big ${at}`)]),
  ),
  originalFiles: 4,
});

const small = (count: number, sample: number): Workload => ({
  name: `${count} x 64 KiB`,
  id: 'bench_small.d',
  chunkMb: 100,
  files: Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`bench_small.d/${at}.bin`, noise(65_536, `small ${at}`)]),
  ),
  originalFiles: sample,
});

export interface Settings {
  readonly local: LocalStack;
  readonly python: string;
  readonly rounds: number;
  readonly say: Say;
}

/** The table of restores; `full`: the original restores all of the small files as well. */
export async function benchRestore(settings: Settings, full: boolean): Promise<string> {
  const rows = [await compare(settings, big()), await compare(settings, small(2000, full ? 2000 : 100))];
  return tableOf(['workload, verified', 'original, a file', 'stowage, a file', 'times as fast'], rows);
}

async function compare(settings: Settings, workload: Workload): Promise<readonly string[]> {
  const { local, rounds, say } = settings;
  const { s3, mongo } = local.stack;
  const corpus = await openCorpus({ ...s3, mongoUri: mongo.uri, database: local.database });
  await corpus.add({ id: workload.id, project: PROJECT, files: workload.files, chunkMb: workload.chunkMb });
  await corpus.close();
  const ways = [
    { name: 'stowage', run: () => restoreOnce(local, workload) },
    { name: 'original', run: () => restoreLikeTheOriginal(settings, workload) },
  ];
  const [ours = [], theirs = []] = await takeTurns(`${workload.name}, a file`, ways, rounds, say);
  const isSample = workload.originalFiles < Object.keys(workload.files).length;
  const sampled = isSample ? ` (original: ${workload.originalFiles} of them)` : '';
  return [workload.name + sampled, inTime(median(theirs)), inTime(median(ours)), timesAsFast(ours, theirs)];
}

async function restoreOnce(local: LocalStack, { id, files }: Workload): Promise<number> {
  await rm(join(local.output, PROJECT), { recursive: true, force: true });
  const { seconds } = await runJob(local, 'restore', id);
  return seconds / Object.keys(files).length;
}

async function restoreLikeTheOriginal(
  { local, python }: Settings,
  { files, chunkMb, originalFiles }: Workload,
): Promise<number> {
  const output = join(local.output, 'original');
  await rm(output, { recursive: true, force: true });
  const keysFile = join(local.output, 'keys.json');
  await writeFile(keysFile, JSON.stringify(Object.keys(files).slice(0, originalFiles)));
  const { s3 } = local.stack;
  const args = [s3.endpoint, s3.region, bucketOf(PROJECT), output, String(chunkMb), keysFile];
  return (await runOriginal(python, s3, 'original.py', args)) / originalFiles;
}
