import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { LocalStack } from '../dev/local-stack.js';

/**
 * Seconds from the start of a restore to its end, through Temporal; throws where anything failed. Not through the command
 * line: what is measured is the job.
 */
export async function restoreOnce({ stack, env }: LocalStack, rawFileId: string): Promise<number> {
  const connection = await Connection.connect({ address: stack.temporal.address });
  const { workflow } = new Client({ connection });
  const taskQueue = env['STOWAGE_TASK_QUEUE'] ?? '';
  const started = performance.now();
  await workflow.execute('restore', { taskQueue, workflowId: `bench-${randomUUID()}`, args: [rawFileId] });
  const elapsedMs = performance.now() - started;
  await connection.close();
  return elapsedMs / 1000;
}
