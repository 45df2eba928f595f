/** Who asks for tasks of a queue. */
import type { Connection } from '@temporalio/client';

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
