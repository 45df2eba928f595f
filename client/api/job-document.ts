/** A job as GET /jobs/{id} and the last event of its stream show it. */
import type { BulkZipResult } from '../../core/zip-contract.js';
import type { JobEnding, JobState, Jobs, ZipEnding } from '../job.js';
import { jobUrl } from './context.js';
import type { OwnedJob } from './owned-job.js';
import type { Refusal } from './problems.js';
import { problemDocument } from './problems.js';
import type { JobDocument } from './schemas.js';
import { problemOfZip } from './zip-ending.js';

export interface Expiry {
  readonly ttlMs: number;
  readonly nowMs: number;
}

/** Asks for progress while the job runs, for its ending when it has ended. */
export async function jobDocument(
  jobs: Jobs,
  { kind, state }: OwnedJob,
  expiry: Expiry,
): Promise<JobDocument> {
  const id = state.workflowId;
  const common = {
    id,
    type: kind,
    started_at: isoTime(state.startedAtMs),
    ended_at: state.endedAtMs === null ? null : isoTime(state.endedAtMs),
  };
  if (state.status === 'running') {
    const progress = await jobs.progress(id);
    return { ...common, ...NOTHING, status: 'running', progress: progress && { ...progress } };
  }
  if (kind === 'restore') return { ...common, ...ofRestore(await jobs.ending(id)) };
  return { ...common, ...ofZip(state, await jobs.zipEnding(id), expiry) };
}

type Ended = Pick<JobDocument, 'status' | 'progress' | 'result' | 'error' | 'download' | 'expires_at'>;

const NOTHING = { progress: null, result: null, error: null, download: null, expires_at: null };

function ofRestore(ending: JobEnding): Ended {
  switch (ending.kind) {
    case 'completed':
      return { ...NOTHING, status: 'completed', result: { ...ending.result } };
    case 'incomplete':
      return { ...NOTHING, status: 'failed', result: { ...ending.result } };
    case 'cancelled':
      return {
        ...NOTHING,
        status: 'cancelled',
        result: ending.result === null ? null : { ...ending.result },
      };
    case 'failed':
      return { ...NOTHING, status: 'failed', error: errorOf(restoreRefusal(ending)) };
    case 'terminated':
    case 'timed_out':
      return { ...NOTHING, status: 'failed', error: errorOf({ code: 'restore-failed' }) };
  }
}

/** What was wrong with the input is the caller's to know; other messages name servers. */
const restoreRefusal = ({ type, message }: { readonly type: string; readonly message: string }): Refusal =>
  type === 'InvalidInput'
    ? { code: 'invalid', detail: message }
    : { code: type === 'CatalogueUnavailable' ? 'unavailable' : 'restore-failed' };

function ofZip(state: JobState, ending: ZipEnding, expiry: Expiry): Ended {
  if (ending.kind === 'cancelled') return { ...NOTHING, status: 'cancelled' };
  if (ending.kind !== 'completed')
    return { ...NOTHING, status: 'failed', error: errorOf(problemOfZip(ending).refusal) };
  const expiresAtMs = expiresAt(state, expiry);
  return {
    ...NOTHING,
    status: 'completed',
    result: publicResult(ending.result),
    download: expiresAtMs > expiry.nowMs ? `${jobUrl(state.workflowId)}/download` : null,
    expires_at: isoTime(expiresAtMs),
  };
}

/** Where the object lies in S3 is ours to know. */
const publicResult = ({ uri: _ours, ...result }: BulkZipResult): Readonly<Record<string, unknown>> => result;

/** When the ZIP of an ended job can no longer be downloaded. */
export const expiresAt = ({ endedAtMs, startedAtMs }: JobState, { ttlMs }: Expiry): number =>
  (endedAtMs ?? startedAtMs) + ttlMs;

const errorOf = (refusal: Refusal): JobDocument['error'] => {
  const { errors: _fields, ...document } = problemDocument(refusal, null);
  return document;
};

const isoTime = (ms: number): string => new Date(ms).toISOString();
