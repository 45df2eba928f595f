import { Connection } from '@temporalio/client';
import type { Environment } from '../../core/settings.js';
import { fail, ok, type Finding } from './finding.js';
import { targetOf, WORKFLOW_TASKS } from './temporal.js';

/** A poll lasts a minute; who has not begun one for two is stuck or gone. */
const LATELY_MS = 120_000;

/** As the server tells it: who polled, and when last. */
export interface Poller {
  readonly identity: string;
  readonly lastPollMs: number;
}

/** A worker's identity is `<process id>@<host>` unless somebody chose another, which then still ends with its host. */
export const pollsFrom = (host: string, pollers: readonly Poller[], nowMs: number): boolean =>
  pollers.some(({ identity, lastPollMs }) => identity.endsWith(`@${host}`) && nowMs - lastPollMs < LATELY_MS);

export async function checkAlive(
  environment: Environment,
  env: Readonly<Record<string, string | undefined>>,
  host: string,
  timeoutMs: number,
): Promise<Finding> {
  const queue = environment.STOWAGE_TASK_QUEUE;
  const subject = { name: 'Worker', address: `task queue ${queue}` };
  try {
    const pollers = await askPollers(environment, env, timeoutMs);
    if (pollsFrom(host, pollers, Date.now())) return ok(subject, `a worker of ${host} polls`);
    return fail(
      subject,
      'other',
      `no worker of ${host} polls`,
      'look at its log; start it again with `npx stowage worker`',
    );
  } catch (error) {
    const message = `Temporal cannot be asked: ${error instanceof Error ? error.message : String(error)}`;
    return fail(subject, 'unreachable', message, '`npx stowage doctor` says more');
  }
}

async function askPollers(
  environment: Environment,
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs: number,
): Promise<readonly Poller[]> {
  const { options, address, namespace } = targetOf(environment, env);
  const connection = await Connection.connect({ ...options, address, connectTimeout: timeoutMs });
  try {
    const request = {
      namespace,
      taskQueue: { name: environment.STOWAGE_TASK_QUEUE },
      taskQueueType: WORKFLOW_TASKS,
    };
    const { pollers } = await connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.workflowService.describeTaskQueue(request),
    );
    return (pollers ?? []).map(({ identity, lastAccessTime }) => ({
      identity: identity ?? '',
      lastPollMs: Number(lastAccessTime?.seconds ?? 0) * 1000,
    }));
  } finally {
    await connection.close();
  }
}
