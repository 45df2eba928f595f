/** The one file that speaks Temporal: everything the command line and the HTTP API can do with jobs. */
import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowFailedError,
  defaultPayloadConverter,
} from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { randomBytes } from 'node:crypto';
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
/** The report is among a job's last steps. */
const LAST_EVENTS = 50;

/** All methods over one connection, which `close` ends. */
export function createJobs(connected: Connected): Jobs {
  const { client, connection, taskQueue } = connected;
  // Closing a connection leaves its calls waiting, and them the process.
  const closed = new AbortController();
  const untilClosed = <T>(work: () => Promise<T>): Promise<T> => connection.withAbortSignal(closed.signal, work);
  const handleOf = (workflowId: string): WorkflowHandle => client.workflow.getHandle(workflowId);
  const call = async <T>(workflowId: string, work: () => Promise<T>, timeoutMs = CALL_TIMEOUT_MS): Promise<T> => {
    try {
      return await untilClosed(() => connection.withDeadline(Date.now() + timeoutMs, work));
    } catch (error) {
      throw problemOf(error, connected, workflowId);
    }
  };
  return {
    taskQueue,
    startRestore: (request, workflowId) => call(workflowId, () => startRestore(connected, request, workflowId)),
    progress: (workflowId) =>
      // Whatever goes wrong here is temporary, or `ending` will say it better.
      call(workflowId, () => handleOf(workflowId).query<ProgressAnswer>(PROGRESS_QUERY), QUERY_TIMEOUT_MS).catch(() => null),
    ending: async (workflowId) => {
      try {
        const result: RestoreResult | RestorePreview = await untilClosed(() => handleOf(workflowId).result());
        return { kind: 'completed', result };
      } catch (error) {
        if (error instanceof WorkflowFailedError) return await endingOf(error.cause, connected, workflowId);
        throw problemOf(error, connected, workflowId);
      }
    },
    state: (workflowId) => call(workflowId, () => describe(handleOf(workflowId))),
    cancel: (workflowId) => call(workflowId, async () => void (await handleOf(workflowId).cancel())),
    pause: (workflowId) => call(workflowId, () => handleOf(workflowId).signal(PAUSE_SIGNAL)),
    resume: (workflowId) => call(workflowId, () => handleOf(workflowId).signal(RESUME_SIGNAL)),
    reportTexts: (workflowId, paths) => readReports(connected, workflowId, paths),
    isWorkerListening: () => call('', () => isWorkerListening(connected)),
    close: () => {
      closed.abort();
      return connection.close();
    },
  };
}

async function startRestore({ client, taskQueue }: Connected, request: RestoreRequest, workflowId: string): Promise<Job> {
  const staticSummary = summaryOf(request);
  const started = await client.workflow.start('restore', { taskQueue, workflowId, args: [request], staticSummary });
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

async function endingOf(cause: unknown, connected: Connected, workflowId: string): Promise<JobEnding> {
  if (cause instanceof CancelledFailure) return { kind: 'cancelled', result: await lastResult(connected, workflowId) };
  if (cause instanceof TerminatedFailure) return { kind: 'terminated', message: cause.message };
  if (cause instanceof TimeoutFailure) return { kind: 'timed_out', message: cause.message };
  if (!(cause instanceof ApplicationFailure)) return { kind: 'failed', type: 'Error', message: String(cause) };
  const { message } = cause;
  const [result] = (cause.details ?? []) as readonly RestoreResult[];
  if (cause.type === 'RestoreIncomplete' && result) return { kind: 'incomplete', result, message };
  return { kind: 'failed', type: cause.type ?? 'Error', message };
}

/**
 * What the last `writeReport` of a job returned. A cancelled workflow has no result and its cancellation no details (the SDK
 * sends none), so its counts and report paths are read from its history.
 */
async function lastResult({ connection, namespace }: Connected, workflowId: string): Promise<RestoreResult | null> {
  const { history } = await connection.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId },
    maximumPageSize: LAST_EVENTS,
  });
  const events = history?.events ?? [];
  const reports = events.filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'writeReport');
  const scheduledIds = new Set(reports.map(({ eventId }) => String(eventId)));
  const completed = events.map((event) => event.activityTaskCompletedEventAttributes);
  const payload = completed.find((done) => scheduledIds.has(String(done?.scheduledEventId)))?.result?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload<RestoreResult>(payload) : null;
}

async function readReports(connected: Connected, workflowId: string, paths: readonly string[]): Promise<ReportTexts> {
  const { client, connection, taskQueue } = connected;
  const id = `${workflowId}/report-${randomBytes(2).toString('hex')}`;
  const args = [{ workflow_id: workflowId, paths }];
  try {
    return await connection.withDeadline(Date.now() + REPORT_TIMEOUT_MS, () =>
      client.workflow.execute('restoreReport', { taskQueue, workflowId: id, args, workflowExecutionTimeout: REPORT_TIMEOUT_MS }),
    );
  } catch (error) {
    throw await reportProblem(error, connected, id);
  }
}

async function reportProblem(error: unknown, connected: Connected, id: string): Promise<Problem> {
  if (error instanceof WorkflowFailedError && !(error.cause instanceof TimeoutFailure))
    return new Problem('internal', `The worker could not read the reports: ${error.cause?.message ?? error.message}`, error);
  const waited = error instanceof WorkflowFailedError || !(await isWorkerListening(connected).catch(() => true));
  if (!waited) return problemOf(error, connected, id);
  return new Problem('no-worker', noWorkerText(connected.taskQueue), error);
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
