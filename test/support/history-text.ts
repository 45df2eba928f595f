/** Everything that Temporal keeps of the jobs of a task queue, as one text: histories with all payloads, memos, summaries. */
import type { Client } from '@temporalio/client';

export async function historyText(client: Client, taskQueue: string): Promise<string> {
  const texts: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query: `TaskQueue = '${taskQueue}'` })) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const { raw } = await handle.describe();
    texts.push(workflowId, ...textsIn(raw), ...textsIn(await handle.fetchHistory()));
  }
  return texts.join('\n');
}

/** Payloads are bytes: they are read as text. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
