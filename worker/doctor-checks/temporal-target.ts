import type { Connection, ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Environment } from '../../core/settings.js';

export interface TemporalTarget {
  readonly options: ConnectionOptions;
  readonly address: string;
  readonly namespace: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Where the worker connects to: the same environment variables and profile file as the `temporal` command's. */
export function targetOf(environment: Environment, env: Env): TemporalTarget {
  const present = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  const overrideEnvVars = Object.fromEntries(present);
  const { connectionOptions } = loadClientConnectConfig({ overrideEnvVars });
  return {
    options: connectionOptions as ConnectionOptions,
    address: connectionOptions.address ?? environment.TEMPORAL_ADDRESS,
    namespace: environment.TEMPORAL_NAMESPACE,
  };
}

/** A worker that asks for tasks, as the server tells it. */
export interface Poller {
  readonly identity: string;
  readonly lastPollMs: number;
}

/** A value of temporal.api.enums.v1.TaskQueueType. */
const WORKFLOW_TASKS = 1;

export async function pollersOf(
  connection: Connection,
  namespace: string,
  queue: string,
): Promise<readonly Poller[]> {
  const request = { namespace, taskQueue: { name: queue }, taskQueueType: WORKFLOW_TASKS };
  const { pollers } = await connection.workflowService.describeTaskQueue(request);
  return (pollers ?? []).map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    lastPollMs: Number(lastAccessTime?.seconds ?? 0) * 1000,
  }));
}

/** A poll lasts a minute; who has not begun one for two is stuck or gone, though the server lists it for five. */
const LATELY_MS = 120_000;

export const polledLately = ({ lastPollMs }: Poller, nowMs: number): boolean =>
  nowMs - lastPollMs < LATELY_MS;
