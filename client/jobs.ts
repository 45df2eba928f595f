/** The one file that speaks Temporal: everything the command line and the HTTP API can do with jobs. */
import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowFailedError,
  isGrpcDeadlineError,
} from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { ProgressAnswer, ReportTexts, RestorePreview, RestoreResult } from '../core/contract.js';
import { PAUSE_SIGNAL, PROGRESS_QUERY, RESUME_SIGNAL } from '../core/contract.js';
import type { Connected } from './connect.js';
import { problemOf } from './connect.js';
import type { Job, JobEnding, JobState, Jobs, RestoreRequest } from './job.js';
import { Problem, noWorkerText } from './problem.js';
import { summaryOf } from './restore-request.js';

const CALL_TIMEOUT_MS = 15_000;
const QUERY_TIMEOUT_MS = 5000;
const REPORT_TIMEOUT_MS = 60_000;
/** Workers ask for work about once a minute: one that has not is gone, though Temporal lists it for some minutes more. */
const LISTENING_MS = 90_000;
/** All methods over one connection, which `close` ends. */
export function createJobs(connected: Connected): Jobs {
  const { client, connection, taskQueue } = connected;
  // Closing a connection leaves its calls waiting, and the process with them.
  const underWay = new Set<AbortController>();
  const call = callsOf(connected, underWay);
  const handleOf = (id: string): WorkflowHandle => client.workflow.getHandle(id);
  return {
    taskQueue,
    startRestore: (request, id) => call(id, () => startRestore(connected, request, id)),
    progress: (id) => call(id, () => progressOf(handleOf(id)), QUERY_TIMEOUT_MS),
    ending: (id) => call(id, () => waitForEnding(connected, id), Infinity),
    state: (id) => call(id, () => describe(handleOf(id))),
    cancel: (id) => call(id, async () => void (await handleOf(id).cancel())),
    pause: (id) => call(id, () => handleOf(id).signal(PAUSE_SIGNAL)),
    resume: (id) => call(id, () => handleOf(id).signal(RESUME_SIGNAL)),
    reportTexts: (id, paths) => call(id, () => readReports(connected, id, paths), REPORT_TIMEOUT_MS),
    isWorkerListening: () => call('', () => isWorkerListening(connected)),
    close: () => {
      for (const controller of underWay) controller.abort();
      return connection.close();
    },
  };
}

type Call = <T>(workflowId: string, work: () => Promise<T>, timeoutMs?: number) => Promise<T>;

const callsOf =
  (connected: Connected, underWay: Set<AbortController>): Call =>
  async (workflowId, work, timeoutMs = CALL_TIMEOUT_MS) => {
    const { connection } = connected;
    // One for each call, because the SDK adds a listener with every request and removes none of them.
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    underWay.add(controller);
    const inTime = () => connection.withDeadline(Date.now() + timeoutMs, work);
    try {
      return await connection.withAbortSignal(controller.signal, inTime);
    } catch (error) {
      throw problemOf(error, connected, workflowId);
    } finally {
      underWay.delete(controller);
    }
  };

/** Whatever goes wrong here is temporary, or the ending will say it better. */
const progressOf = (handle: WorkflowHandle): Promise<ProgressAnswer | null> =>
  handle.query<ProgressAnswer>(PROGRESS_QUERY).catch(() => null);

async function waitForEnding({ client }: Connected, workflowId: string): Promise<JobEnding> {
  const handle = client.workflow.getHandle<() => Promise<RestoreResult | RestorePreview>>(workflowId);
  try {
    return { kind: 'completed', result: await handle.result() };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (error.cause instanceof CancelledFailure)
      return { kind: 'cancelled', result: await cancelledResult(handle) };
    return failedEnding(error.cause);
  }
}

/** A cancelled workflow has no result, and the SDK drops the details of its cancellation: the job leaves them in its memo. */
async function cancelledResult(handle: WorkflowHandle): Promise<RestoreResult | null> {
  const { memo } = await handle.describe();
  return (memo?.['result'] as RestoreResult | undefined) ?? null;
}

async function startRestore(
  { client, taskQueue }: Connected,
  request: RestoreRequest,
  workflowId: string,
): Promise<Job> {
  const staticSummary = summaryOf(request);
  const started = await client.workflow.start('restore', {
    taskQueue,
    workflowId,
    args: [request],
    staticSummary,
  });
  return { workflowId, runId: started.firstExecutionRunId };
}

async function describe(handle: WorkflowHandle): Promise<JobState> {
  const { workflowId, runId, type, status, startTime, closeTime, raw } = await handle.describe();
  return {
    workflowId,
    runId: raw.workflowExecutionInfo?.firstRunId || runId,
    type,
    status: status.name.toLowerCase(),
    startedAtMs: startTime.getTime(),
    endedAtMs: closeTime?.getTime() ?? null,
  };
}

function failedEnding(cause: unknown): JobEnding {
  if (cause instanceof TerminatedFailure) return { kind: 'terminated', message: cause.message };
  if (cause instanceof TimeoutFailure) return { kind: 'timed_out', message: cause.message };
  if (!(cause instanceof ApplicationFailure))
    return { kind: 'failed', type: 'Error', message: String(cause) };
  const { message } = cause;
  const [result] = (cause.details ?? []) as readonly RestoreResult[];
  if (cause.type === 'RestoreIncomplete' && result) return { kind: 'incomplete', result, message };
  return { kind: 'failed', type: cause.type ?? 'Error', message };
}

async function readReports(
  { client, taskQueue }: Connected,
  id: string,
  paths: readonly string[],
): Promise<ReportTexts> {
  const workflowId = `${id}/report-${randomBytes(2).toString('hex')}`;
  const args = [{ workflow_id: id, paths }];
  const workflowExecutionTimeout = REPORT_TIMEOUT_MS;
  try {
    return await client.workflow.execute('restoreReport', {
      taskQueue,
      workflowId,
      args,
      workflowExecutionTimeout,
    });
  } catch (error) {
    const failure = error instanceof WorkflowFailedError ? error.cause : undefined;
    if (failure instanceof TimeoutFailure || isGrpcDeadlineError(error))
      throw new Problem('no-worker', noWorkerText(taskQueue), error);
    if (failure === undefined) throw error;
    throw new Problem('internal', `The worker could not read the reports: ${failure.message}`, error);
  }
}

async function isWorkerListening({ connection, namespace, taskQueue }: Connected): Promise<boolean> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 1,
  });
  const oldest = Date.now() - LISTENING_MS;
  return (pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > oldest);
}
