import { Connection } from '@temporalio/client';
import type { Environment } from '../../core/settings.js';
import { targetOf, type TemporalTarget } from '../connect.js';
import { fail, ok, warn, type Finding, type Subject } from './finding.js';
import { pollersOf, polledLately } from './pollers.js';

/** Reachable, knows the namespace, and has a worker. */
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

/** Only polls for workflow tasks count: a worker whose transfer slots are all taken asks for no more transfers. */
async function checkWorkers(
  connection: Connection,
  namespace: string,
  queue: string,
  timeoutMs: number,
): Promise<Finding> {
  const subject = { name: 'Worker', address: `task queue ${queue}` };
  const pollers = await connection.withDeadline(Date.now() + timeoutMs, () =>
    pollersOf(connection, namespace, queue),
  );
  const count = pollers.filter((poller) => polledLately(poller, Date.now())).length;
  if (count > 0) return ok(subject, `${count} polling`);
  return warn(
    subject,
    'no worker is polling',
    'start one with `npx stowage worker`; jobs wait until then (see also STOWAGE_TASK_QUEUE)',
  );
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
