/** What the demo shows: a small corpus, one restore with all its endings, one bulk ZIP, and what came out of it. */
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { main as stowage } from '../client/cli.js';
import { realSurroundings } from '../client/surroundings.js';
import type { Surroundings } from '../client/surroundings.js';
import { openCorpus } from './corpus.js';
import { DEMO_IDS, makeDemoCorpus, makeDemoOutput } from './demo-corpus.js';
import { addFolder } from './demo-folder.js';
import { checkDemo, printReports } from './demo-outcome.js';
import { showZip } from './demo-zip.js';
import { DATA_DIR } from './dev.js';
import { curlLine } from './local-api.js';
import type { LocalApi } from './local-api.js';
import type { LocalStack } from './local-stack.js';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

export interface ShowOptions {
  /** A folder of the user's to restore instead of the corpus of the demo. */
  readonly from: string | undefined;
  /** The workflow id of the restore. */
  readonly job: string;
  /** Nothing new is begun once it is aborted. */
  readonly left: AbortSignal;
}

/** Makes the corpus, restores it through the CLI, prints the reports, downloads a ZIP. True where all came out as it should. */
export async function showAll(
  local: LocalStack,
  api: LocalApi,
  { from, job, left }: ShowOptions,
): Promise<boolean> {
  const ids = await fill(local, from);
  left.throwIfAborted();
  say(`\n$ npx stowage restore ${ids.join(' ')}\n`);
  const startedAtMs = Date.now();
  const exitCode = await stowage(['restore', '--id', job, ...ids], world());
  left.throwIfAborted();
  await printReports(local.output, startedAtMs);
  const restored = from === undefined ? await checkDemo(local.output, startedAtMs, exitCode) : [];
  const problems = [...restored, ...(await showZip(api, DATA_DIR, say))];
  for (const problem of problems) say(`NOT AS EXPECTED: ${problem}`);
  tellWhatNext(local, ids);
  say(`  ${curlLine(api.download)}`);
  return problems.length === 0 && (from === undefined || exitCode === 0);
}

/** That of a command line, but the interrupt key is the demo's. */
const world = (): Surroundings => ({ ...realSurroundings(), onInterrupt: () => () => undefined });

/** What is broken off must not go on in the next demo, into its reports. */
export async function terminateJob({ stack }: LocalStack, job: string): Promise<void> {
  const { address, namespace } = stack.temporal;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  await client.workflow
    .getHandle(job)
    .terminate('the demo was interrupted')
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
  await connection.close();
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
