import { rename, rm } from 'node:fs/promises';
import type { FilePlan, JobRef, LocalState } from '../core/contract.js';
import type { FileOutcome } from '../core/outcome.js';
import { isSuccess } from '../core/outcome.js';
import type { RestoreDeps } from './deps.js';
import { isS3Broken } from './endings.js';
import { recordOutcome } from './ledger.js';
import { findPlace } from './local-paths.js';

/** Writes a file's ending down; where it failed for good, what must not stay under the file's name goes first. */
export async function conclude(
  deps: RestoreDeps,
  job: JobRef,
  file: FilePlan,
  outcome: FileOutcome,
  local: LocalState = 'absent',
): Promise<FileOutcome> {
  const failed = !isSuccess(outcome.ending);
  if (failed && local === 'wrong' && !isS3Broken(outcome.ending)) await discardWrongFile(deps, file);
  await recordOutcome(job.folder, outcome);
  return outcome;
}

/** A wrong file that cannot be healed does not stay under its name: it is deleted, or renamed where the settings say so. */
async function discardWrongFile(
  { settings, nowMs }: RestoreDeps,
  { destination, file }: FilePlan,
): Promise<void> {
  const place = await findPlace(destination, file).catch(() => null);
  if (place === null) return;
  const stamp = new Date(nowMs()).toISOString().replace(/[-:]|\.\d+/g, '');
  const gone = settings.keepCorrupted
    ? rename(place.final, `${place.final}.corrupted-${stamp}`)
    : rm(place.final, { force: true });
  // Where the disk refuses even this, the report says FAILURE all the same.
  await gone.catch(() => undefined);
}
