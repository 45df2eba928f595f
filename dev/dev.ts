/** `stowage dev`: the whole local stack, until Ctrl-C. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../client/exit-code.js';
import { messageOf } from '../client/problem.js';
import { DEFAULT_TASK_QUEUE } from '../core/contract.js';
import { readArguments } from '../worker/arguments.js';
import { endAnyway } from '../worker/end-anyway.js';
import { apiEnvironment, curlLine, startLocalApi } from './local-api.js';
import type { LocalApi } from './local-api.js';
import { exportLines, startLocalStack, untilInterrupted } from './local-stack.js';
import type { LocalStack } from './local-stack.js';

export const DATA_DIR = join('.stowage', 'dev');

const HELP = `Usage: stowage dev [--output FOLDER]

Starts Temporal with its Web UI, an S3 server, MongoDB, a worker and the HTTP API on this machine, and stops them with Ctrl-C.
Their data stays in ${DATA_DIR} for the next start. Restored files go to FOLDER (default ${DATA_DIR}/output).
`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  output: { type: 'string', default: join(DATA_DIR, 'output') },
} as const;

export async function main(argv: readonly string[]): Promise<number> {
  const options = readArguments('stowage dev', argv, OPTIONS);
  if (!options.ok) {
    say(options.message);
    return EXIT.usage;
  }
  if (options.value.help === true) {
    process.stdout.write(HELP);
    return EXIT.ok;
  }
  try {
    await serve(options.value.output);
    return EXIT.ok;
  } catch (error) {
    say(messageOf(error));
    return endAnyway(EXIT.internal);
  }
}

async function serve(output: string): Promise<void> {
  const local = await startLocalStack({
    dataDir: DATA_DIR,
    output,
    database: 'krakendb',
    taskQueue: DEFAULT_TASK_QUEUE,
    logLevel: 'warn',
    env: await apiEnvironment(DATA_DIR, DEFAULT_TASK_QUEUE),
    say,
  });
  try {
    const api = await startLocalApi(local, DATA_DIR, say);
    await stay(local, api);
    say('Stopping …');
    await api.stop();
  } finally {
    await local.stop();
  }
}

/** Says what there is, until Ctrl-C. */
async function stay(local: LocalStack, { download }: LocalApi): Promise<void> {
  const interrupted = untilInterrupted();
  const envFile = join(DATA_DIR, 'env.sh');
  await writeFile(envFile, `${exportLines(local.env).join('\n')}\n`, { mode: 0o600 });
  say(`\nWeb UI: ${local.stack.temporal.uiUrl ?? 'none'}`);
  say(`Output: ${local.output}`);
  say(`In another shell:  source ${envFile} && npx stowage restore <raw file id>`);
  say(`A ZIP of attachments:  ${curlLine(download)}`);
  say('Ctrl-C stops everything that was started here.');
  await interrupted;
}
