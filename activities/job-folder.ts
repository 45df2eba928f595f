/**
 * The job's memory on disk, `<output root>/.stowage/<workflow id>/<run id>/`: the plan in pages (stored-plan.ts), and one line
 * for every file that was begun or has ended (outcome-lines.ts). History carries counts only, and the report can be written
 * even after a terminate.
 */
import { createHash } from 'node:crypto';
import { rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ApplicationFailure } from '@temporalio/activity';
import { WORK_FOLDER } from '../core/paths.js';

/** A workflow id may hold any character and be longer than a name on disk: it is percent-encoded, and cut where it must be. */
function folderName(workflowId: string): string {
  const name = encodeURIComponent(workflowId).replace(/^\./, '%2E');
  if (name.length <= MAX_NAME) return name;
  return `${name.slice(0, MAX_NAME - 65)}-${createHash('sha256').update(name).digest('hex')}`;
}

const MAX_NAME = 200;

export const jobsFolder = (outputRoot: string, workflowId: string): string =>
  join(outputRoot, WORK_FOLDER, folderName(workflowId));

export const jobFolder = (outputRoot: string, workflowId: string, runId: string): string =>
  join(jobsFolder(outputRoot, workflowId), runId);

export const asLines = (values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** A torn last line (a worker killed in the middle of a write) counts as not written. */
export function parseLines<T>(text: string): readonly T[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as T];
    } catch {
      return [];
    }
  });
}

/** Somebody has removed the job's folder: no retry brings it back. */
export const planLost = (folder: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    `The job's plan is gone: expected it in ${folder}. Was the folder removed while the job ran? ` +
      'Start the restore again; files that are right already are skipped.',
    'PlanLost',
  );

/** Removes a job's folder, and the folders above it that are empty then. */
export async function removeJobFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const above of [dirname(folder), dirname(dirname(folder))]) {
    try {
      await rmdir(above);
    } catch {
      return; // another job is using it
    }
  }
}
