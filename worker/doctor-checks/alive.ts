import { Connection } from '@temporalio/client';
import type { Environment } from '../../core/settings.js';
import { targetOf } from '../connect.js';
import { fail, ok, type Finding } from './finding.js';
import { pollersOf, polledLately, type Poller } from './pollers.js';

/** A worker's identity is `<process id>@<host>`. */
export const pollsFrom = (host: string, pollers: readonly Poller[], nowMs: number): boolean =>
  pollers.some((poller) => poller.identity.endsWith(`@${host}`) && polledLately(poller, nowMs));

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
    return await connection.withDeadline(Date.now() + timeoutMs, () =>
      pollersOf(connection, namespace, environment.STOWAGE_TASK_QUEUE),
    );
  } finally {
    await connection.close();
  }
}
