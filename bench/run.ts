/**
 * `npm run bench`: whole restore jobs, through Temporal, beside boto3 used as the original uses it; interleaved, several
 * rounds, medians, and only ratios count: absolute times say more about the machine.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DATA_DIR } from '../dev/dev.js';
import { bucketOf, noise, openCorpus } from '../dev/corpus.js';
import { startLocalStack } from '../dev/local-stack.js';
import type { LocalStack } from '../dev/local-stack.js';
import { MEBIBYTE } from '../core/units.js';
import { installLog } from '../worker/log.js';
import { pythonWithBoto3, runOriginal } from './original.js';
import { restoreOnce } from './stowage.js';

interface Workload {
  readonly name: string;
  readonly id: string;
  readonly chunkMb: number;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Files the original restores in a round: it needs minutes for what is small and many, and its time per file is constant. */
  readonly originalFiles: number;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

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

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;

async function compare(
  local: LocalStack,
  python: string,
  workload: Workload,
  rounds: number,
): Promise<string> {
  const { s3, mongo } = local.stack;
  const corpus = await openCorpus({ ...s3, mongoUri: mongo.uri, database: local.database });
  await corpus.add({ id: workload.id, project: PROJECT, files: workload.files, chunkMb: workload.chunkMb });
  await corpus.close();
  const keys = Object.keys(workload.files);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 1; round <= rounds; round += 1) {
    await rm(join(local.output, PROJECT), { recursive: true, force: true });
    ours.push((await restoreOnce(local, workload.id)) / keys.length);
    const target = join(local.output, 'original');
    await rm(target, { recursive: true, force: true });
    const keysFile = join(local.output, 'keys.json');
    await writeFile(keysFile, JSON.stringify(keys.slice(0, workload.originalFiles)));
    const request = { s3, bucket: bucketOf(PROJECT), output: target, chunkMb: workload.chunkMb, keysFile };
    theirs.push((await runOriginal(python, request)) / workload.originalFiles);
    say(`${workload.name}, round ${round}: stowage ${ms(ours.at(-1))}, original ${ms(theirs.at(-1))} a file`);
  }
  const ratios = theirs.map((time, round) => time / (ours[round] ?? NaN));
  const sampled =
    workload.originalFiles < keys.length ? ` (original: ${workload.originalFiles} of them)` : '';
  return `| ${workload.name}${sampled} | ${ms(median(theirs))} | ${ms(median(ours))} | ${median(ratios).toFixed(1)}x |`;
}

const ms = (seconds = NaN): string => `${(seconds * 1000).toFixed(seconds < 1 ? 1 : 0)} ms`;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, full: { type: 'boolean' } },
});
installLog('error');
const output = resolve(DATA_DIR, 'bench-output');
const options = { dataDir: DATA_DIR, output, database: 'stowage_bench', taskQueue: 'stowage-bench', say };
const local = await startLocalStack(options);
try {
  const python = await pythonWithBoto3(say);
  const rows = [
    await compare(local, python, big(), Number(values.rounds)),
    await compare(local, python, small(2000, values.full === true ? 2000 : 100), Number(values.rounds)),
  ];
  process.stdout.write(
    [
      '',
      '| workload, verified | original, a file | stowage, a file | times as fast |',
      '| --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n'),
  );
} finally {
  await rm(output, { recursive: true, force: true });
  await local.stop();
}
