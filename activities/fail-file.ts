import type { FileStep, LocalState, Transfer } from '../core/contract.js';
import type { FileOutcome } from '../core/outcome.js';
import { conclude } from './conclude.js';
import type { RestoreDeps } from './deps.js';
import { leaseOwner } from './download.js';
import { outcomeOf } from './endings.js';
import type { Diagnosis } from './endings.js';
import { isHeldByAnother } from './lease.js';
import { findPlace, removeParts } from './local-paths.js';

/** Ends a file's story with a failure after `tried`. What was fetched is kept only where another run can go on from it. */
export async function failFile(
  deps: RestoreDeps,
  { job, file }: Pick<FileStep, 'job' | 'file'>,
  local: LocalState,
  { ending, cause }: Diagnosis,
  tried: Transfer,
): Promise<FileOutcome> {
  if (ending.code !== 'download-failed') await dropParts({ job, file });
  const outcome = outcomeOf(file.index, ending, { cause, attempts: tried.attempts }, tried);
  return conclude(deps, job, file, outcome, local);
}

async function dropParts(step: Pick<FileStep, 'job' | 'file'>): Promise<void> {
  const place = await findPlace(step.file.destination, step.file.file).catch(() => null);
  if (place === null || (await isHeldByAnother(place.lock, leaseOwner(step)))) return;
  await removeParts(place).catch(() => undefined);
}
