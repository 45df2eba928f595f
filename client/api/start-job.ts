/** Starts a job once: under an id that belongs to its user, and to its Idempotency-Key where there is one. */
import { createHash, randomBytes } from 'node:crypto';
import type { Job, JobOrigin, Jobs } from '../job.js';
import { Problem } from '../problem.js';
import type { Principal } from './auth.js';
import { problem } from './problems.js';
import type { JobSlots } from './slots.js';

export interface StartOrder {
  readonly kind: 'zip' | 'restore';
  readonly principal: Principal;
  readonly key: string | undefined;
  /** What is asked for: tells a repeated request from another one with the same key. */
  readonly asked: unknown;
  readonly start: (id: string, origin: JobOrigin) => Promise<Job>;
}

export interface StartedJob {
  readonly id: string;
  /** False where an earlier request with the same key had started it. */
  readonly isNew: boolean;
}

/** Starts the job, or finds the one that the same key has started. */
export async function startOnce(jobs: Jobs, slots: JobSlots, order: StartOrder): Promise<StartedJob> {
  const { kind, principal, key, asked } = order;
  const { user, workspace } = principal;
  const owner = digest([workspace, user]).slice(0, 16);
  const id = `${kind}-${owner}-${key === undefined ? randomBytes(16).toString('hex') : digest([key]).slice(0, 32)}`;
  const origin = { user, workspace, requestHash: digest(asked) };
  if (key !== undefined && (await isRepeated(jobs, id, origin))) return { id, isNew: false };
  await slots.take([`zip-${owner}-`, `restore-${owner}-`], id);
  try {
    await order.start(id, origin);
    return { id, isNew: true };
  } catch (error) {
    if (!isTaken(error)) slots.release(id);
    // The same request came twice at once.
    if (isTaken(error) && (await isRepeated(jobs, id, origin))) return { id, isNew: false };
    throw error;
  }
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const isTaken = (error: unknown): boolean => error instanceof Problem && error.kind === 'already-running';

/** Whether this job exists and is worth keeping: one that failed or was cancelled is started anew. */
async function isRepeated(jobs: Jobs, id: string, { requestHash }: JobOrigin): Promise<boolean> {
  const state = await jobs.state(id).catch(nullIfNotFound);
  if (state === null) return false;
  if (state.origin?.requestHash !== requestHash) throw problem('key-reused');
  return state.status === 'running' || state.status === 'completed';
}

function nullIfNotFound(error: unknown): null {
  if (error instanceof Problem && error.kind === 'not-found') return null;
  throw error;
}
