import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { FilePlan, FileStep, JobRef, LocalState } from '../core/contract.js';
import type { FileOutcome } from '../core/outcome.js';
import { isSuccess } from '../core/outcome.js';
import type { RestoreDeps } from './deps.js';
import { leaseOwner } from './download.js';
import { isS3Broken } from './endings.js';
import { isHeldByAnother } from './lease.js';
import { recordOutcome } from './outcome-lines.js';
import { measureFile, statOf } from './local-check.js';
import { logEnding } from './log-lines.js';
import { findPlace } from './local-paths.js';
import type { LocalPlace } from './local-paths.js';

type EndedStep = Pick<FileStep, 'job' | 'file'>;

/** Writes a file's ending down; where it failed for good, what must not stay under the file's name goes first. */
export async function conclude(
  deps: RestoreDeps,
  job: JobRef,
  file: FilePlan,
  outcome: FileOutcome,
  local: LocalState = 'absent',
): Promise<FileOutcome> {
  const failed = !isSuccess(outcome.ending);
  if (failed && local === 'wrong' && !isS3Broken(outcome.ending)) await discardWrongFile(deps, { job, file });
  await recordOutcome(job.folder, outcome);
  logEnding(file, outcome);
  return outcome;
}

/** A wrong file that cannot be healed does not stay under its name: it is deleted, or renamed where the settings say so. */
async function discardWrongFile(deps: RestoreDeps, step: EndedStep): Promise<void> {
  const { settings, nowMs } = deps;
  const place = await findPlace(step.file.destination, step.file.file).catch(() => null);
  if (place === null || !(await isStillWrong(deps, step, place))) return;
  const stamp = new Date(nowMs()).toISOString().replace(/[-:]|\.\d+/g, '');
  const gone = settings.keepCorrupted
    ? rename(place.final, withSuffix(place.final, `.corrupted-${stamp}`))
    : rm(place.final, { force: true });
  // Where the disk refuses even this, the report says FAILURE all the same.
  await gone.catch(() => undefined);
}

/** Another job may have brought the right bytes since this one looked, or be about to. S3 is not asked again. */
async function isStillWrong(
  deps: RestoreDeps,
  step: EndedStep,
  { final, lock }: LocalPlace,
): Promise<boolean> {
  const stats = await statOf(final).catch(() => null);
  if (stats === null) return false;
  // The catalogue's own digest decides: its MD5, or its ETag where it has no MD5.
  const source = { etag: '', versionId: null, sizeBytes: stats.size, etagIsDigest: false };
  const { cancellationSignal } = Context.current();
  const isRight = await measureFile(deps, { file: step.file, source }, final, stats, cancellationSignal).then(
    ({ mismatch }) => mismatch === null,
    () => false,
  );
  // Where nobody waited for the answer, nothing is known.
  if (isRight || cancellationSignal.aborted || (await isHeldByAnother(lock, leaseOwner(step)))) return false;
  return (await statOf(final).catch(() => null))?.ino === stats.ino;
}

const MAX_NAME_BYTES = 255;

/** A name with something behind it, cut where it would be too long for the disk. */
function withSuffix(path: string, suffix: string): string {
  const room = MAX_NAME_BYTES - Buffer.byteLength(suffix);
  const name = Buffer.from(basename(path))
    .subarray(0, room)
    .toString()
    .replace(/\uFFFD+$/, '');
  return join(dirname(path), `${name}${suffix}`);
}
