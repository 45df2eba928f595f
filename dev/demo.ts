/** `npm run demo`: servers, a small corpus, a worker, one restore with all its endings, one bulk ZIP, and what came out of it. */
import { parseArgs } from 'node:util';
import { main as stowage } from '../client/cli.js';
import { installLog } from '../worker/log.js';
import { openCorpus } from './corpus.js';
import { DEMO_IDS, makeDemoCorpus, makeDemoOutput } from './demo-corpus.js';
import { checkDemo, printReports } from './demo-outcome.js';
import { showZip } from './demo-zip.js';
import { addFolder } from './demo-folder.js';
import { DATA_DIR } from './dev.js';
import { apiEnvironment, curlLine, startLocalApi } from './local-api.js';
import type { LocalApi } from './local-api.js';
import { startLocalStack, untilInterrupted } from './local-stack.js';
import type { LocalStack } from './local-stack.js';

const HELP = `Usage: npm run demo [-- --once] [-- --from FOLDER]

  --once         stop everything at the end; exit 1 where an outcome is not the expected one (so does a run without a terminal)
  --from FOLDER  restore your own files: everything in FOLDER is backed up to the local S3 first
`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { once: { type: 'boolean' }, from: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  installLog('error');
  const once = values.once === true || !process.stdout.isTTY;
  const output = `${DATA_DIR}/demo-output`;
  const taskQueue = 'stowage-demo';
  const env = await apiEnvironment(DATA_DIR, taskQueue);
  const options = { dataDir: DATA_DIR, output, database: 'stowage_demo', taskQueue, env, say };
  const local = await startLocalStack(options);
  const interrupted = untilInterrupted();
  const api = await startLocalApi(local, DATA_DIR, say).catch(async (error: unknown) => {
    await local.stop();
    throw error;
  });
  try {
    const good = await show(local, api, values.from);
    if (!once) await stay(interrupted);
    return good ? 0 : 1;
  } finally {
    say('Stopping what was started …');
    await api.stop();
    await local.stop();
  }
}

/** Makes the corpus, restores it through the CLI, prints the reports, downloads a ZIP. True where all came out as it should. */
async function show(local: LocalStack, api: LocalApi, from: string | undefined): Promise<boolean> {
  const ids = await fill(local, from);
  say(`\n$ npx stowage restore ${ids.join(' ')}\n`);
  const startedAtMs = Date.now();
  const exitCode = await stowage(['restore', ...ids]);
  await printReports(local.output, startedAtMs);
  const restored = from === undefined ? await checkDemo(local.output, startedAtMs, exitCode) : [];
  const problems = [...restored, ...(await showZip(api, DATA_DIR, say))];
  for (const problem of problems) say(`NOT AS EXPECTED: ${problem}`);
  tellWhatNext(local, ids);
  say(`  ${curlLine(api.download)}`);
  return problems.length === 0 && (from === undefined || exitCode === 0);
}

async function fill(local: LocalStack, from: string | undefined): Promise<readonly string[]> {
  const { s3, mongo } = local.stack;
  const corpus = await openCorpus({ ...s3, mongoUri: mongo.uri, database: local.database });
  try {
    if (from !== undefined) return await addFolder(corpus, from, say);
    say('Making a small corpus: a 150 MB raw file, a .d folder of 243 files, and some damage …');
    await makeDemoCorpus(corpus);
    await makeDemoOutput(local.output);
    return DEMO_IDS;
  } finally {
    await corpus.close();
  }
}

function tellWhatNext({ stack, env, output }: LocalStack, ids: readonly string[]): void {
  const queue = env['STOWAGE_TASK_QUEUE'] ?? '';
  say(`Restored files: ${output}`);
  say(`Web UI: ${stack.temporal.uiUrl ?? 'none'}   (open the workflow: its timeline tells the same story)`);
  say('Try next, while this runs:');
  say(
    `  ${stack.temporal.uiUrl ?? ''}/namespaces/default/workflows/start-workflow?taskQueue=${queue}&workflowType=restore`,
  );
  say(
    `  temporal workflow start --address ${stack.temporal.address} --type restore --task-queue ${queue} --input '"${ids[0] ?? ''}"'`,
  );
  say('  the same again: right files are skipped; damage one first and see it healed');
}

async function stay(interrupted: Promise<unknown>): Promise<void> {
  say('\nEverything stays up for you to look around. Ctrl-C stops it.');
  await interrupted;
}

process.exitCode = await main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  return 1;
});
