/** Starts a job once: under an id that belongs to its user, and to its Idempotency-Key where there is one. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, JobOrigin, JobState, Jobs } from '../job.js';
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
  /** Whether a completed job is of no use any more. */
  readonly isOver: (state: JobState) => boolean;
  /** `again`: in the place of a job that was completed. */
  readonly start: (id: string, origin: JobOrigin, again: boolean) => Promise<Job>;
}

export interface StartedJob {
  readonly id: string;
  /** False where an earlier request with the same key had started it. */
  readonly isNew: boolean;
}

/** The same request may come several times at once, and a job may end between two looks at it. */
const MOST_LOOKS = 3;
/** How long a job that was cancelled may take to end, for each look. */
const LEAVING_MS = 5000;

/** Starts the job, or finds the one that the same key has started. */
export async function startOnce(jobs: Jobs, slots: JobSlots, order: StartOrder): Promise<StartedJob> {
  const { user, workspace } = order.principal;
  const owner = digest([workspace, user]).slice(0, 16);
  const id = idOf(order, owner);
  const origin = { user, workspace, requestHash: digest(order.asked) };
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const earlier = order.key === undefined ? 'none' : await lookUp(jobs, id, origin, order);
    if (earlier === 'kept') return { id, isNew: false };
    if (earlier === 'leaving') await hasLeft(jobs, id, order.kind);
    else if (await start(slots, order, { id, owner, origin, again: earlier === 'over' }))
      return { id, isNew: true };
  }
  throw problem('unavailable');
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const idOf = ({ kind, key }: StartOrder, owner: string): string =>
  `${kind}-${owner}-${key === undefined ? randomBytes(16).toString('hex') : digest([key]).slice(0, 32)}`;

/** One that failed or was cancelled does not count, nor does one that is over: they are started anew. */
type Earlier = 'none' | 'kept' | 'leaving' | 'over';

async function lookUp(
  jobs: Jobs,
  id: string,
  { requestHash }: JobOrigin,
  { isOver }: StartOrder,
): Promise<Earlier> {
  const state = await jobs.state(id).catch(nullIfNotFound);
  if (state === null) return 'none';
  if (state.origin?.requestHash !== requestHash) throw problem('key-reused');
  if (state.status === 'running') return state.isCancelling ? 'leaving' : 'kept';
  if (state.status !== 'completed') return 'none';
  return isOver(state) ? 'over' : 'kept';
}

function nullIfNotFound(error: unknown): null {
  if (error instanceof Problem && error.kind === 'not-found') return null;
  throw error;
}

/** Waits for the end of a cancelled job, whose id cannot be used before. */
async function hasLeft(jobs: Jobs, id: string, kind: StartOrder['kind']): Promise<void> {
  const patience = new AbortController();
  const ending: Promise<unknown> = kind === 'zip' ? jobs.zipEnding(id) : jobs.ending(id);
  const late = sleep(LEAVING_MS, undefined, { signal: patience.signal });
  await Promise.race([ending, late]).finally(() => patience.abort());
}

interface Place {
  readonly id: string;
  readonly owner: string;
  readonly origin: JobOrigin;
  readonly again: boolean;
}

/** False where somebody else has started it just now. */
async function start(
  slots: JobSlots,
  order: StartOrder,
  { id, owner, origin, again }: Place,
): Promise<boolean> {
  await slots.take([`zip-${owner}-`, `restore-${owner}-`], id);
  try {
    await order.start(id, origin, again);
    return true;
  } catch (error) {
    if (error instanceof Problem && error.kind === 'already-running') return false;
    slots.release(id);
    throw error;
  }
}
