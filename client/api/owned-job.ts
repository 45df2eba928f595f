/** The jobs of a user: whatever belongs to somebody else does not exist. */
import { ZIP_WORKFLOW } from '../../core/zip-contract.js';
import type { JobState, Jobs } from '../job.js';
import { Problem } from '../problem.js';
import type { Principal, Scope } from './auth.js';
import { demandScope } from './auth.js';
import { problem } from './problems.js';

export interface OwnedJob {
  readonly kind: Scope;
  readonly state: JobState;
}

const KINDS: Readonly<Record<string, Scope>> = { [ZIP_WORKFLOW]: 'zip', restore: 'restore' };

/** The job with this id, if it is one of this user in this workspace. */
export async function ownedJob(jobs: Jobs, id: string, principal: Principal): Promise<OwnedJob> {
  const state = await jobs.state(id).catch(refuseUnknown);
  const { origin, type } = state;
  const kind = KINDS[type];
  const isOwn = origin?.user === principal.user && origin.workspace === principal.workspace;
  if (kind === undefined || !isOwn) throw problem('job-not-found');
  demandScope(principal, kind);
  return { kind, state };
}

/** What Temporal does not take as an id at all is no job either. */
function refuseUnknown(error: unknown): never {
  const isUnknown = error instanceof Problem && (error.kind === 'not-found' || error.kind === 'usage');
  throw isUnknown ? problem('job-not-found') : error;
}
