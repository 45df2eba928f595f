/** Histories of real jobs, as test/workflows/replay.test.ts reads them. */
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

const FOLDER = fileURLToPath(new URL('../../../test/histories/', import.meta.url));

/** Writes the history of each run of a job: the first under the name itself, the next as `<name>-2`, … */
export async function keepHistory(
  client: Client,
  name: string,
  handle: Pick<WorkflowHandleWithFirstExecutionRunId, 'workflowId' | 'firstExecutionRunId'>,
): Promise<void> {
  let runId: string | null | undefined = handle.firstExecutionRunId;
  for (let run = 1; runId; run += 1) {
    const history = await client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
    const path = `${FOLDER}${name}${run === 1 ? '' : `-${run}`}.json`;
    await writeFile(path, `${anonymous(historyToJSON(history))}\n`);
    process.stdout.write(`${path}: ${history.events?.length ?? 0} events\n`);
    runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
}

/** Compact, and without the names of the machine it was made on. */
const anonymous = (json: string): string =>
  JSON.stringify(JSON.parse(json))
    .replaceAll(process.cwd(), '.')
    .replaceAll(/"identity":"[^"]*"/g, '"identity":"worker"')
    .replaceAll(hostname(), 'host');
