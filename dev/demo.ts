/** `npm run demo`: servers, a worker, what the demo shows on them, and their end. */
import { randomUUID } from 'node:crypto';
import { EXIT } from '../client/exit-code.js';
import { messageOf } from '../client/problem.js';
import { readArguments } from '../worker/arguments.js';
import { showAll, terminateJob } from './demo-show.js';
import { DATA_DIR } from './dev.js';
import { apiEnvironment, startLocalApi } from './local-api.js';
import type { LocalApi } from './local-api.js';
import { startLocalStack, untilInterrupted } from './local-stack.js';
import type { LocalStack } from './local-stack.js';

const HELP = `Usage: npm run demo [-- --once] [-- --from FOLDER]

  --once         stop everything at the end; exit 1 where an outcome is not the expected one (so does a run without a terminal)
  --from FOLDER  restore your own files: everything in FOLDER is backed up to the local S3 first
`;

const OPTIONS = {
  once: { type: 'boolean' },
  from: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const options = readArguments('npm run demo --', process.argv.slice(2), OPTIONS);
  if (!options.ok) {
    say(options.message);
    return EXIT.usage;
  }
  const { help, once, from } = options.value;
  if (help === true) {
    process.stdout.write(HELP);
    return EXIT.ok;
  }
  return withEverything((local, api) => tour(local, api, from, once === true || !process.stdout.isTTY));
}

/** Starts everything, and stops it whatever happens in between. */
async function withEverything(work: (local: LocalStack, api: LocalApi) => Promise<number>): Promise<number> {
  const [output, taskQueue] = [`${DATA_DIR}/demo-output`, 'stowage-demo'];
  const env = await apiEnvironment(DATA_DIR, taskQueue);
  const local = await startLocalStack({
    dataDir: DATA_DIR,
    output,
    database: 'stowage_demo',
    taskQueue,
    env,
    say,
  });
  try {
    const api = await startLocalApi(local, DATA_DIR, say);
    try {
      return await work(local, api);
    } finally {
      say('Stopping what was started …');
      await api.stop();
    }
  } finally {
    await local.stop();
  }
}

/** Shows everything, then stays; an interrupt ends either at once. */
async function tour(
  local: LocalStack,
  api: LocalApi,
  from: string | undefined,
  once: boolean,
): Promise<number> {
  const job = `demo-${randomUUID()}`;
  const left = new AbortController();
  const interrupted = untilInterrupted().then(() => left.abort());
  const good = await Promise.race([showAll(local, api, { from, job, left: left.signal }), interrupted]);
  if (good === undefined) {
    await terminateJob(local, job);
    return EXIT.cancelled;
  }
  if (!once) await stay(interrupted);
  return good ? EXIT.ok : EXIT.internal;
}

async function stay(interrupted: Promise<void>): Promise<void> {
  say('\nEverything stays up for you to look around. Ctrl-C stops it.');
  await interrupted;
}

const exitCode = await main().catch((error: unknown) => {
  say(messageOf(error));
  return EXIT.internal;
});
// What an interrupt broke off still waits for servers that are gone.
process.exit(exitCode);
