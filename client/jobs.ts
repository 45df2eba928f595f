/** Speaks Temporal: everything the command line and the HTTP API can do with jobs. */
import {
  TimeoutFailure,
  WorkflowFailedError,
  WorkflowNotFoundError,
  isGrpcDeadlineError,
} from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { ProgressAnswer, ReportTexts } from '../core/contract.js';
import { PAUSE_SIGNAL, PROGRESS_QUERY, RESUME_SIGNAL } from '../core/contract.js';
import { ZIP_WORKFLOW } from '../core/zip-contract.js';
import type { Connected } from './connect.js';
import { waitForEnding, waitForZipEnding } from './endings.js';
import type { Job, JobOrigin, JobState, Jobs } from './job.js';
import { Problem, busyWorkerText, noWorkerText } from './problem.js';
import { summaryOf } from './restore-request.js';
import { problemOf } from './temporal-problems.js';
import { summaryOfZip } from './zip-request.js';

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
    startRestore: (request, id, origin) =>
      call(id, () => start(connected, { type: 'restore', id, request, summary: summaryOf(request), origin })),
    startZip: (request, id, origin, again) =>
      call(id, () =>
        start(connected, { type: ZIP_WORKFLOW, id, request, summary: summaryOfZip(request), origin, again }),
      ),
    progress: (id) => call(id, () => progressOf(handleOf(id)), QUERY_TIMEOUT_MS),
    ending: (id) => call(id, () => waitForEnding(handleOf(id)), Infinity),
    zipEnding: (id) => call(id, () => waitForZipEnding(handleOf(id)), Infinity),
    runningIds: (prefixes) => call('', () => runningIds(connected, prefixes)),
    state: (id) => call(id, () => describe(handleOf(id))),
    cancel: (id) => call(id, async () => void (await handleOf(id).cancel())),
    want: (id) => call(id, () => want(handleOf(id))),
    isWanted: (id) => call(id, () => isWanted(handleOf(id))),
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

interface StartOrder {
  readonly type: string;
  readonly id: string;
  readonly request: object;
  readonly summary: string;
  readonly origin: JobOrigin | undefined;
  readonly again?: boolean | undefined;
}

async function start({ client, taskQueue }: Connected, order: StartOrder): Promise<Job> {
  const { type, id: workflowId, request, summary: staticSummary, origin, again } = order;
  const workflowIdReusePolicy = again === true ? 'ALLOW_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY';
  const started = await client.workflow.start(type, {
    taskQueue,
    workflowId,
    args: [request],
    staticSummary,
    ...(origin === undefined ? {} : { memo: memoOf(origin), workflowIdReusePolicy }),
  });
  return { workflowId, runId: started.firstExecutionRunId };
}

const memoOf = ({ user, workspace, requestHash }: JobOrigin) => ({
  user,
  workspace,
  request_hash: requestHash,
});

function originOf(memo: Readonly<Record<string, unknown>> | undefined): JobOrigin | null {
  const { user, workspace, request_hash: requestHash } = memo ?? {};
  if (typeof user !== 'string' || typeof workspace !== 'string' || typeof requestHash !== 'string')
    return null;
  return { user, workspace, requestHash };
}

async function runningIds({ client }: Connected, prefixes: readonly string[]): Promise<readonly string[]> {
  const anyOf = prefixes.map((prefix) => `WorkflowId STARTS_WITH '${prefix}'`).join(' OR ');
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({
    query: `(${anyOf}) AND ExecutionStatus = 'Running'`,
  }))
    ids.push(workflowId);
  return ids;
}

async function describe(handle: WorkflowHandle): Promise<JobState> {
  const { workflowId, runId, type, status, startTime, closeTime, memo, raw } = await handle.describe();
  return {
    workflowId,
    runId: raw.workflowExecutionInfo?.firstRunId || runId,
    type,
    status: status.name.toLowerCase(),
    startedAtMs: startTime.getTime(),
    endedAtMs: closeTime?.getTime() ?? null,
    isCancelling: raw.workflowExtendedInfo?.cancelRequested === true,
    origin: originOf(memo),
  };
}

/** The job does nothing with it: it is a mark in its history, which every process can read, with or without a worker. */
const WANTED_SIGNAL = 'wanted';

const want = (handle: WorkflowHandle): Promise<void> =>
  handle.signal(WANTED_SIGNAL).catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });

async function isWanted(handle: WorkflowHandle): Promise<boolean> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).some(
    ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === WANTED_SIGNAL,
  );
}

async function readReports(connected: Connected, id: string, paths: readonly string[]): Promise<ReportTexts> {
  const { client, taskQueue } = connected;
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
      throw await lateProblem(connected, error);
    if (failure === undefined) throw error;
    throw new Problem('internal', `The worker could not read the reports: ${failure.message}`, error);
  }
}

/** Nobody answered in time: because nobody is there, or because whoever is there has no slot free. */
async function lateProblem(connected: Connected, error: unknown): Promise<Problem> {
  const { connection, taskQueue } = connected;
  // The deadline of the call itself has passed.
  const isListening = await connection
    .withDeadline(Date.now() + QUERY_TIMEOUT_MS, () => isWorkerListening(connected))
    .catch(() => false);
  const text = isListening ? busyWorkerText(taskQueue, REPORT_TIMEOUT_MS / 1000) : noWorkerText(taskQueue);
  return new Problem('no-worker', text, error);
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
