import { Connection } from '@temporalio/client';
import { transferQueue } from '../../core/contract.js';
import type { Environment } from '../../core/settings.js';
import { fail, ok, warn, type Finding, type Subject } from './finding.js';
import {
  ACTIVITY_TASKS,
  WORKFLOW_TASKS,
  pollersOf,
  polledLately,
  targetOf,
  type TemporalTarget,
} from './temporal-target.js';

/** Reachable, knows the namespace, and has workers on both queues. */
export async function checkTemporal(
  environment: Environment,
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  const subject = { name: 'Temporal', address: environment.TEMPORAL_ADDRESS };
  let target: TemporalTarget;
  try {
    target = targetOf(environment, env);
  } catch (error) {
    return [
      fail(
        subject,
        'settings',
        messageOf(error),
        'correct the TEMPORAL_* variables or the profile they name',
      ),
    ];
  }
  return lookAt(target, environment.STOWAGE_TASK_QUEUE, timeoutMs);
}

async function lookAt(
  { options, address, namespace }: TemporalTarget,
  queue: string,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  const subject = { name: 'Temporal', address };
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ ...options, address, connectTimeout: timeoutMs });
    const { workflowService } = connection;
    await connection.withDeadline(Date.now() + timeoutMs, () =>
      workflowService.describeNamespace({ namespace }),
    );
    const reached = ok(subject, `answers, namespace ${namespace} exists`);
    return [reached, await checkWorkers(connection, namespace, queue, timeoutMs)];
  } catch (error) {
    return [explain(subject, error, namespace)];
  } finally {
    await connection?.close();
  }
}

async function checkWorkers(
  connection: Connection,
  namespace: string,
  queue: string,
  timeoutMs: number,
): Promise<Finding> {
  const subject = { name: 'Worker', address: `task queue ${queue}` };
  const count = async (
    name: string,
    type: typeof WORKFLOW_TASKS | typeof ACTIVITY_TASKS,
  ): Promise<number> => {
    const pollers = await pollersOf(connection, namespace, name, type);
    return pollers.filter((poller) => polledLately(poller, Date.now())).length;
  };
  const counts = await connection.withDeadline(Date.now() + timeoutMs, () =>
    Promise.all([
      count(queue, WORKFLOW_TASKS),
      count(queue, ACTIVITY_TASKS),
      count(transferQueue(queue), ACTIVITY_TASKS),
    ]),
  );
  const least = Math.min(...counts);
  if (least > 0) return ok(subject, `${least} polling, for jobs and for transfers`);
  const missing = Math.max(...counts) > 0 ? 'some tasks find no worker' : 'no worker is polling';
  return warn(subject, missing, 'start one with `npx stowage worker`; jobs wait until then');
}

/** Codes of gRPC. */
const [DEADLINE_EXCEEDED, NOT_FOUND, PERMISSION_DENIED, UNAUTHENTICATED] = [4, 5, 7, 16] as const;

function explain(subject: Subject, error: unknown, namespace: string): Finding {
  const code = grpcCode(error);
  if (code === NOT_FOUND)
    return fail(
      subject,
      'settings',
      `namespace ${namespace} does not exist`,
      `correct TEMPORAL_NAMESPACE, or create it: temporal operator namespace create -n ${namespace}`,
    );
  if (code === PERMISSION_DENIED || code === UNAUTHENTICATED)
    return fail(
      subject,
      'other',
      `refuses these credentials: ${messageOf(error)}`,
      'check TEMPORAL_API_KEY or TEMPORAL_TLS_*',
    );
  const said = code === DEADLINE_EXCEEDED ? 'no answer in time' : messageOf(error);
  return fail(
    subject,
    'unreachable',
    `cannot be reached: ${said}`,
    'start the server (locally: `npx stowage dev`), or correct TEMPORAL_ADDRESS and TEMPORAL_TLS_*',
  );
}

/** The client wraps the gRPC error once or twice. */
function grpcCode(error: unknown): number | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { readonly code?: unknown };
    if (typeof code === 'number') return code;
  }
  return null;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
