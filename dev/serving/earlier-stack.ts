import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment, Say } from '../obtaining/cache.js';
import { mongoAnswers, urlAnswers } from './answers.js';
import { signalGroup } from './end-with-us.js';
import { stillRuns, type ProcessIdentity } from './process-identity.js';
import { readRecord, removeRecord, type StackRecord } from './record.js';
import { disagreement, type Servers } from './stack-environment.js';

export interface JoinWishes {
  readonly reuse: boolean;
  readonly env: Environment;
  readonly say: Say;
}

const endWithinMs = 5_000;
const pollMs = 50;

async function allAnswer({ temporal, s3, mongo }: Servers): Promise<boolean> {
  const answers = [urlAnswers(`tcp://${temporal.address}`), urlAnswers(s3.endpoint), mongoAnswers(mongo.uri)];
  return (await Promise.all(answers)).every((answer) => answer);
}

async function end(orphan: ProcessIdentity): Promise<void> {
  signalGroup(orphan.pid, 'SIGTERM');
  const giveUpAt = Date.now() + endWithinMs;
  while (await stillRuns(orphan)) {
    if (Date.now() > giveUpAt) return void signalGroup(orphan.pid, 'SIGKILL');
    await sleep(pollMs);
  }
}

/**
 * Ends what a killed stack left running. A process that is no longer the recorded one is somebody else's and
 * stays.
 */
async function endOrphans(record: StackRecord, say: Say): Promise<void> {
  for (const orphan of record.processes) {
    if (!(await stillRuns(orphan))) continue;
    say(`ending process ${orphan.pid}, left over from an earlier start: ${orphan.commandLine}`);
    await end(orphan);
  }
}

function inUse(dataDir: string, { owner }: StackRecord, why: string): Error {
  return new Error(
    `The data folder ${dataDir} is in use by process ${owner.pid} (${owner.commandLine}), ${why}. End it, or choose another folder.`,
  );
}

async function whyNotJoined(
  { servers }: StackRecord,
  { reuse, env }: JoinWishes,
): Promise<string | undefined> {
  if (!reuse) return 'and servers of its own are wanted here';
  const variable = disagreement(servers, env);
  if (variable !== undefined) return `and ${variable} names another server than it uses`;
  return (await allAnswer(servers)) ? undefined : 'and its servers do not all answer';
}

/**
 * The stack that another process runs on this data folder, if it may be joined. Cleans up after one whose
 * process is gone.
 */
export async function earlierStack(dataDir: string, wishes: JoinWishes): Promise<StackRecord | undefined> {
  const record = await readRecord(dataDir);
  if (record === undefined) return undefined;
  if (await stillRuns(record.owner)) {
    const why = await whyNotJoined(record, wishes);
    if (why !== undefined) throw inUse(dataDir, record, why);
    return record;
  }
  await endOrphans(record, wishes.say);
  await removeRecord(dataDir);
  return undefined;
}
