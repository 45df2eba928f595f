/** Where a job's ZIP, its plan and its records lie: computed from the job's ids, so that a repeated step finds what it left. */
import { createHash } from 'node:crypto';
import type { ZipPlanRequest, ZipTarget } from '../core/zip-contract.js';
import type { ZipInput } from '../core/zip-request.js';

export interface ZipPlace {
  readonly target: ZipTarget;
  readonly workPrefix: string;
  /** What a browser calls the ZIP. */
  readonly fileName: string;
}

/** Below this, in a target's bucket, lie the plans of running jobs: no ZIP holds them. */
export const WORK_ROOT = '.stowage/zip/';

/** 128 bits: a run id is random, so nobody guesses the key of a ZIP. */
export const jobDigest = ({ workflowId, runId }: Pick<ZipPlanRequest, 'workflowId' | 'runId'>): string =>
  createHash('sha256').update(`${workflowId}\n${runId}`).digest('hex').slice(0, 32);

/** Null where attachments are asked for and there is no bucket for their ZIPs. */
export function placeOf(
  input: ZipInput,
  request: Pick<ZipPlanRequest, 'workflowId' | 'runId' | 'startedAtMs'>,
  zipBucket: string | null,
): ZipPlace | null {
  const digest = jobDigest(request);
  const workPrefix = `${WORK_ROOT}${digest}/`;
  if (input.kind !== 'attachments')
    return { target: input.output, workPrefix, fileName: input.output.key.split('/').at(-1) ?? '' };
  if (zipBucket === null) return null;
  const fileName = `client-files-${compactUtc(request.startedAtMs)}.zip`;
  return { target: { bucket: zipBucket, key: `zips/${digest}.zip` }, workPrefix, fileName };
}

/** By its key. */
export const isZipOfAttachments = ({ key }: ZipTarget): boolean => /^zips\/[0-9a-f]{32}\.zip$/.test(key);

/** YYYYMMDD_HHMMSS in UTC. */
const compactUtc = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_');
