/** What the worker hands to the activities. */
import type { JobLimits, JobRef, TransferUpdate } from '../core/contract.js';
import type { RestoreSettings } from '../core/settings.js';
import type { HashPool } from './hashing.js';
import type { ObjectStore, RawFiles } from './ports.js';

/** `running`: its folder is its own. `timed-out`: ended by a time-out of Temporal's, which runs no code of the job. */
export type JobStanding = 'running' | 'timed-out' | 'ended';

export interface RestoreDeps {
  readonly store: ObjectStore;
  readonly rawFiles: RawFiles;
  readonly hashes: HashPool;
  readonly settings: RestoreSettings;
  readonly limits: JobLimits;
  /** Ranges of one file fetched at once. */
  readonly parallelParts: number;
  /** Tells the running job how far a transfer has come; must not throw. */
  readonly tell: (job: JobRef, update: TransferUpdate) => void;
  readonly standingOf: (workflowId: string) => Promise<JobStanding>;
  readonly nowMs: () => number;
}
