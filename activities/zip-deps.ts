/** What the worker hands to the activities of the bulk ZIP. */
import type { JobLimits, TransferUpdate } from '../core/contract.js';
import type { ZipJobRef } from '../core/zip-contract.js';
import type { ObjectStore } from './ports.js';
import type { Pause } from './back-off.js';
import type { Attachments, ZipStore } from './zip-ports.js';

export interface ZipSettings {
  /** STOWAGE_ATTACHMENTS_BUCKET and STOWAGE_ZIP_BUCKET: needed by ZIPs of attachments only. */
  readonly attachmentsBucket: string | null;
  readonly zipBucket: string | null;
  /** ZIP_MAX_BYTES and ZIP_MAX_FILES: they bind attachments only. */
  readonly maxBytes: number;
  readonly maxFiles: number;
  /** ZIP_TTL: how long finished ZIPs of attachments stay. */
  readonly ttlMs: number;
}

export interface ZipDeps {
  readonly store: ObjectStore;
  readonly zips: ZipStore;
  readonly attachments: Attachments;
  readonly settings: ZipSettings;
  readonly limits: JobLimits;
  /** Ranges of one object read at once. */
  readonly parallelParts: number;
  /** Waits before a range that broke is asked for again. */
  readonly pause: Pause;
  readonly nowMs: () => number;
  /** Tells the job, now and then, how far a segment (`index`) is. */
  readonly tell: (job: Pick<ZipJobRef, 'workflowId' | 'startedAtMs'>, update: TransferUpdate) => void;
}
