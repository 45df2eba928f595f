/** What the worker hands to the activities. */
import type { JobLimits, JobRef, TransferUpdate } from '../core/contract.js';
import type { RestoreSettings } from '../core/settings.js';
import type { HashPool } from './hashing.js';
import type { ObjectStore, RawFiles } from './ports.js';

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
  /** Whether a job is still running: its folder is then its own. */
  readonly isRunning: (workflowId: string) => Promise<boolean>;
  readonly nowMs: () => number;
}
