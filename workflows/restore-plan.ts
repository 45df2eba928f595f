/** The first step of a restore, and what becomes of a job that gets no plan: it, too, ends with a report. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  isCancellation,
} from '@temporalio/workflow';
import type { PlanRequest, PlannedJob, RestorePreview, RestoreResult } from '../core/contract.js';
import { identity } from './identity.js';
import { planning, reporting } from './policies.js';
import { conclude, failAsTheStep, incomplete } from './restore-ending.js';
import type { Stop } from './restore-ending.js';

/** Plans the job, or returns a dry run's plan. Throws where the input is not valid or there is no plan in the end. */
export async function planJob(args: readonly unknown[]): Promise<PlannedJob | RestorePreview> {
  // Not workflowInfo().startTime: a job that is started with a delay, or by cron, begins long after that.
  const request = { args, ...identity(), startedAtMs: Date.now() };
  const summary = 'read the catalogue, look at the output location';
  const answer = await planning.planRestore
    .executeWithOptions({ summary }, [request])
    .catch((error: unknown) => endUnplanned(request, error));
  switch (answer.kind) {
    case 'invalid':
      throw ApplicationFailure.nonRetryable(answer.message, 'InvalidInput');
    case 'unwritable':
      throw incomplete(answer.result, null);
    case 'too-late':
      return endUnplanned(request, TOO_LATE);
    case 'preview':
      return answer.preview;
    case 'planned':
      return answer.job;
  }
}

/** Said where no report is due: of a dry run. */
const TOO_LATE = ApplicationFailure.nonRetryable(
  'Stopped at the time limit. The plan was not ready.',
  'RestoreIncomplete',
);

/** Reports what was asked for and not begun; then the job ends as it would have ended without the report. */
async function endUnplanned(request: PlanRequest, error: unknown): Promise<never> {
  const { stop, line, cause } = reasonOf(error);
  const result = await CancellationScope.nonCancellable(() =>
    // A report that cannot be made must not hide why there is no plan.
    reporting.reportUnplanned({ ...request, error: line }).catch(() => null),
  );
  if (result === null) return failAsTheStep(error);
  if (stop === 'cancelled') return conclude(result, stop);
  if (stop === 'deadline') throw incomplete(result, stop, cause?.message);
  throw failedWithReport(error, result);
}

interface Reason {
  readonly stop: Stop;
  /** What the report says of every raw file. */
  readonly line: string;
  /** What the last try said, where it said anything. */
  readonly cause: ApplicationFailure | null;
}

function reasonOf(error: unknown): Reason {
  const inner = error instanceof ActivityFailure ? error.cause : error;
  const cause = inner instanceof ApplicationFailure ? inner : null;
  if (isCancellation(error)) return { stop: 'cancelled', line: 'Not started (cancelled)', cause };
  if (error === TOO_LATE) return { stop: 'deadline', line: 'Not started (deadline)', cause: null };
  if (inner instanceof TimeoutFailure || (error instanceof ActivityFailure && error.retryState === 'TIMEOUT'))
    return { stop: 'deadline', line: 'Not started (deadline)', cause };
  return { stop: null, line: `Not started (${cause?.message ?? String(error)})`, cause };
}

/** The step's own failure, with the result as its details and the paths of the reports behind its sentence. */
function failedWithReport(error: unknown, result: RestoreResult): unknown {
  const { cause } = reasonOf(error);
  if (cause === null) return error;
  const where = result.reports.length === 0 ? '' : ` (report: ${result.reports.join(', ')})`;
  return ApplicationFailure.nonRetryable(`${cause.message}${where}`, cause.type ?? 'Internal', result);
}
