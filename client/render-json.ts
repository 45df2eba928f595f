/** The same states for programs: each command prints exactly one of these documents. */
import type { ProgressAnswer } from '../core/contract.js';
import { exitCodeOfProblem } from './exit-code.js';
import type { Job, JobEnding, JobState } from './job.js';
import { hitDeadline } from './job.js';
import type { Problem } from './problem.js';

export const jsonLine = (document: object): string => `${JSON.stringify(document)}\n`;

/** The result with the job's ids and its outcome; what has no result says why. */
export function endingDocument({ workflowId, runId }: Job, ending: JobEnding): object {
  const outcome = hitDeadline(ending) ? 'deadline' : ending.kind;
  const head = { workflow_id: workflowId, run_id: runId, outcome };
  switch (ending.kind) {
    case 'completed':
      return { ...head, ...ending.result };
    case 'incomplete':
      return { ...head, message: ending.message, ...ending.result };
    case 'cancelled':
      return { ...head, ...ending.result };
    case 'failed':
      return { ...head, error: { type: ending.type, message: ending.message } };
    case 'terminated':
    case 'timed_out':
      return { ...head, error: { type: ending.kind, message: ending.message } };
  }
}

/** What `status --json` prints. */
export const stateDocument = (state: JobState, progress: ProgressAnswer | null): object => ({
  workflow_id: state.workflowId,
  run_id: state.runId,
  type: state.type,
  status: state.status,
  started_at: new Date(state.startedAtMs).toISOString(),
  ended_at: state.endedAtMs === null ? null : new Date(state.endedAtMs).toISOString(),
  progress,
});

/** Where a command has no result at all. */
export const problemDocument = ({ kind, message }: Problem): object => ({
  error: { type: kind, message },
  exit_code: exitCodeOfProblem(kind),
});
