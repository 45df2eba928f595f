import { stat } from 'node:fs/promises';
import { NOT_FETCHED } from '../core/contract.js';
import type { DownloadAnswer, DownloadStep, FileStep, Spent, Transfer } from '../core/contract.js';
import type { RestoreDeps } from './deps.js';
import { outcomeOf } from './endings.js';
import { withLease } from './lease.js';
import { measureFile, sourceEvidence } from './local-check.js';
import { makePlace } from './local-paths.js';
import type { LocalPlace } from './local-paths.js';
import { logDownload } from './log-lines.js';
import type { StepContext } from './step.js';
import { fetchToFile } from './transfer.js';

/** The same for all tries of one file within one job. */
export const leaseOwner = ({ job, file }: Pick<FileStep, 'job' | 'file'>): string =>
  `${job.workflowId}/${job.runId}/${file.index}`;

/**
 * Fetches a file's bytes, pinned to the checked ETag, into a temporary file in the same folder. What a killed worker has
 * fetched already is used. Throws what S3 or the disk throws; nothing under the file's own name is touched.
 */
export async function fetchFile(
  deps: RestoreDeps,
  step: DownloadStep,
  context: StepContext,
): Promise<DownloadAnswer> {
  const place = await makePlace(step.file.destination, step.file.file);
  const owner = leaseOwner(step);
  return withLease(place.lock, { owner, signal: context.signal }, async (lease) => {
    const brought = lease.waited ? await broughtByAnother(deps, step, place, context) : null;
    return brought ?? fetchBytes(deps, step, { ...place, mayWrite: lease.assertHeld }, context);
  });
}

async function fetchBytes(
  deps: RestoreDeps,
  step: DownloadStep,
  place: LocalPlace & { readonly mayWrite: () => Promise<void> },
  context: StepContext,
): Promise<DownloadAnswer> {
  const { file, source, job, before } = step;
  const spend = spender(deps, file.index, context);
  const onProgress = (bytesDone: number): void => {
    spend(bytesDone);
    context.note({ file: file.file, bytesDone, bytesTotal: source.sizeBytes });
    deps.tell(job, {
      index: file.index,
      rawFileId: file.rawFileId,
      file: file.file,
      bytesDone,
      bytesTotal: source.sizeBytes,
    });
  };
  const request = {
    object: { bucket: file.bucket, key: file.key, etag: source.etag },
    sizeBytes: source.sizeBytes,
    partSizeBytes: file.expected.partSizeBytes,
    path: place.part,
    journalPath: place.journal,
    parallelParts: deps.parallelParts,
  };
  const control = { signal: context.signal, onProgress, mayWrite: place.mayWrite };
  await fetchToFile(deps.store, request, control).finally(() => spend());
  const transfer = transferOf(before, context.spent.get(file.index), context.fails + 1);
  logDownload(file, transfer);
  return { kind: 'fetched', transfer };
}

/** Writes down what this try costs, beside what the tries before it have cost: called with each progress, and at the end. */
function spender(
  { nowMs }: RestoreDeps,
  index: number,
  { spent }: StepContext,
): (bytesDone?: number) => void {
  const [startedMs, before] = [nowMs(), spent.get(index) ?? NOT_FETCHED];
  let [bytesReused, bytesFetched]: [number | null, number] = [null, 0];
  return (bytesDone) => {
    // The first word is of what was there already.
    if (bytesDone !== undefined) bytesFetched = bytesDone - (bytesReused ??= bytesDone);
    spent.set(index, {
      bytes: before.bytes + bytesFetched,
      elapsedMs: before.elapsedMs + nowMs() - startedMs,
    });
  };
}

/** What a file has cost after `attempts` more downloads. */
export const transferOf = (
  before: Transfer,
  { bytes, elapsedMs }: Spent = NOT_FETCHED,
  attempts = 0,
): Transfer => ({
  bytes: before.bytes + bytes,
  elapsedMs: before.elapsedMs + elapsedMs,
  attempts: before.attempts + attempts,
});

/** Another job held the file until now: it may have brought the very bytes. */
async function broughtByAnother(
  deps: RestoreDeps,
  step: DownloadStep,
  place: LocalPlace,
  { signal }: StepContext,
): Promise<DownloadAnswer | null> {
  const stats = await stat(place.final).catch(() => null);
  if (stats === null) return null;
  const verdict = await measureFile(deps, step, place.final, stats, signal);
  if (verdict.mismatch !== null) return null;
  const evidence = { ...sourceEvidence(step), ...verdict.evidence };
  return { kind: 'ended', outcome: outcomeOf(step.file.index, { code: 'skipped' }, evidence) };
}
