/**
 * `npm run bench`: whole jobs, through Temporal and HTTP, beside the programs that they replace; interleaved, several rounds,
 * medians, and only ratios count: absolute times say more about the machine.
 */
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DATA_DIR } from '../dev/dev.js';
import { startLocalStack } from '../dev/local-stack.js';
import { pythonWithBoto3 } from './original.js';
import { benchRestore } from './restore.js';
import type { Settings } from './restore.js';
import { ZIP_ENVIRONMENT, benchZipApi } from './zip-api.js';
import { benchZipObjects } from './zip-objects.js';

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (table: string): void => void process.stdout.write(table);

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    full: { type: 'boolean', default: false },
    /** `restore` or `zip`; both without it. */
    only: { type: 'string' },
  },
});

async function bench(settings: Settings): Promise<void> {
  if (values.only !== 'zip') print(await benchRestore(settings, values.full));
  if (values.only === 'restore') return;
  print(await benchZipApi(settings));
  print(await benchZipObjects(settings));
}

if (values.only !== undefined && values.only !== 'restore' && values.only !== 'zip')
  throw new Error('--only takes restore or zip');
// The worker of the local stack reads its buckets from here.
Object.assign(process.env, ZIP_ENVIRONMENT);
const output = resolve(DATA_DIR, 'bench-output');
const options = { dataDir: DATA_DIR, output, database: 'stowage_bench', taskQueue: 'stowage-bench', say };
const local = await startLocalStack(options);
try {
  await bench({ local, python: await pythonWithBoto3(say), rounds: Number(values.rounds), say });
} finally {
  await rm(output, { recursive: true, force: true });
  await local.stop();
}
