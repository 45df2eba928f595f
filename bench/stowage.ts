import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { LocalStack } from '../dev/local-stack.js';

export interface JobRun {
  readonly seconds: number;
  readonly result: unknown;
}

/**
 * Runs a job and takes the time from its start to its end, through Temporal; throws where anything failed. Not through the
 * command line: what is measured is the job.
 */
export async function runJob({ stack, env }: LocalStack, type: string, input: unknown): Promise<JobRun> {
  const connection = await Connection.connect({ address: stack.temporal.address });
  const { workflow } = new Client({ connection });
  const taskQueue = env['STOWAGE_TASK_QUEUE'] ?? '';
  const started = performance.now();
  const result: unknown = await workflow.execute(type, {
    taskQueue,
    workflowId: `bench-${randomUUID()}`,
    args: [input],
  });
  const seconds = (performance.now() - started) / 1000;
  await connection.close();
  return { seconds, result };
}
