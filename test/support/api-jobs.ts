/** Jobs in every state that a client of the API can meet, so that requests by their ids get beyond "there is no such job". */
import { randomUUID } from 'node:crypto';
import { PAUSE_SIGNAL } from '../../core/contract.js';
import { USER } from './clinic.js';
import type { Clinic } from './clinic.js';
import { until } from './until.js';

export interface ApiJobs {
  /** Attachments that can be downloaded. */
  readonly attachmentIds: readonly string[];
  readonly ended: readonly string[];
  /** A ZIP that has begun and stands still until somebody resumes or cancels it. */
  startPaused(): Promise<string>;
  /** Ends all that stand still. */
  endAll(): Promise<void>;
}

export async function makeApiJobs(clinic: Clinic): Promise<ApiJobs> {
  const { zip } = clinic;
  const attachmentIds = await Promise.all(
    ['a.txt', 'b.txt'].map((name) => zip.add({ name, bytes: new TextEncoder().encode(name) })),
  );
  const paused: string[] = [];
  const startPaused = async (): Promise<string> => {
    const workflowId = `zip-${randomUUID()}`;
    await zip.lab.client.workflow.signalWithStart('bulkZip', {
      workflowId,
      taskQueue: zip.lab.taskQueue,
      args: [zip.attachments(attachmentIds)],
      memo: { user: USER, workspace: zip.workspaceId, request_hash: 'of a test' },
      signal: PAUSE_SIGNAL,
    });
    paused.push(workflowId);
    return workflowId;
  };
  const endAll = async (): Promise<void> => {
    const ends = paused.map((id) =>
      zip.lab.client.workflow
        .getHandle(id)
        .terminate()
        .catch(() => undefined),
    );
    await Promise.all(ends);
  };
  return { attachmentIds, startPaused, endAll, ended: await endedJobs(clinic, attachmentIds) };
}

/** A ZIP that can be downloaded, one that failed, one of somebody else; a restore with reports and one without. */
async function endedJobs(clinic: Clinic, attachmentIds: readonly string[]): Promise<readonly string[]> {
  const headers = { prefer: 'respond-async' };
  const restore = (body: object) =>
    clinic.ask('/api/v1/restores', { method: 'POST', body: { raw_file_ids: 'nowhere', ...body } });
  const answers = await Promise.all([
    clinic.askZip(attachmentIds, { headers }),
    clinic.askZip([randomUUID()], { headers }),
    clinic.askZip(attachmentIds, { headers, as: { sub: 'somebody else' } }),
    restore({}),
    restore({ dry_run: true }),
  ]);
  const ids = answers.map((answer) => answer.headers.get('location')?.split('/').at(-1) ?? '');
  const { workflow } = clinic.zip.lab.client;
  for (const id of ids)
    await until(
      `${id} has ended`,
      async () => (await workflow.getHandle(id).describe()).status.name !== 'RUNNING',
    );
  return ids;
}
