import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { VerifyAnswer, VerifyStep } from '../core/contract.js';
import { NO_EVIDENCE } from '../core/outcome.js';
import type { Ending } from '../core/outcome.js';
import type { RestoreDeps } from './deps.js';
import { leaseOwner, transferOf } from './download.js';
import { outcomeOf } from './endings.js';
import { withLease } from './lease.js';
import { measureFile, sourceEvidence, statOf } from './local-check.js';
import type { Verdict } from './local-check.js';
import { makePlace, removeParts, syncFolder } from './local-paths.js';
import type { LocalPlace } from './local-paths.js';
import { logVerification } from './log-lines.js';
import type { StepContext } from './step.js';

/**
 * Reads the fetched bytes back from disk, compares them with the catalogue, and only then gives them the file's name.
 * Wrong bytes are removed: `again` where the file may be fetched once more.
 */
export async function verifyFile(
  deps: RestoreDeps,
  step: VerifyStep,
  context: StepContext,
): Promise<VerifyAnswer> {
  const { file } = step;
  const startedMs = deps.nowMs();
  const place = await makePlace(file.destination, file.file);
  return withLease(
    place.lock,
    { owner: leaseOwner(step), signal: context.signal },
    async ({ assertHeld }) => {
      const path = await bytesToVerify(place);
      const note = (bytesRead: number): void => context.note({ file: file.file, verifying: bytesRead });
      const stats = await statOf(path);
      const verdict =
        stats === null ? GONE : await measureFile(deps, step, path, stats, context.signal, note);
      logVerification(file, verdict.evidence, verdict.mismatch);
      const transfer = transferOf(step.transfer, { bytes: 0, elapsedMs: deps.nowMs() - startedMs });
      const verified = { ...step, transfer };
      if (verdict.mismatch !== null) {
        if (path === place.part) await throwAway(place, assertHeld);
        return wrong(verified, verdict);
      }
      if (path === place.part) await putInPlace(step, place, assertHeld);
      return arrived(verified, verdict);
    },
  );
}

/** This step has run before: it threw wrong bytes away, and its answer was lost. */
const GONE: Verdict = { mismatch: 'gone', evidence: { cause: 'the fetched bytes are gone' } };

/** Where the temporary file is gone, this step has run before and its answer was lost, or another job has finished the file. */
async function bytesToVerify(place: LocalPlace): Promise<string> {
  const part = await statOf(place.part);
  return part === null ? place.final : place.part;
}

/** The rename is the moment at which the file exists: its bytes are on disk already (fsync), and so is the folder after it. */
async function putInPlace(
  { file }: VerifyStep,
  checked: LocalPlace,
  assertHeld: () => Promise<void>,
): Promise<void> {
  const place = await makePlace(file.destination, file.file);
  await assertHeld();
  await rename(checked.part, place.final);
  await syncFolder(dirname(place.final));
  await removeParts(place);
}

/** Only as the file's one writer: what lies there may be another's by now. */
async function throwAway(place: LocalPlace, assertHeld: () => Promise<void>): Promise<void> {
  await assertHeld();
  await removeParts(place);
}

function wrong(step: VerifyStep, verdict: Verdict): VerifyAnswer {
  const { transfer, lastTry, file } = step;
  const evidence = {
    ...NO_EVIDENCE,
    ...sourceEvidence(step),
    ...verdict.evidence,
    attempts: transfer.attempts,
  };
  if (!lastTry) return { kind: 'again', evidence, transfer };
  return {
    kind: 'ended',
    outcome: outcomeOf(file.index, { code: 'verification-failed' }, evidence, transfer),
  };
}

function arrived(step: VerifyStep, verdict: Verdict): VerifyAnswer {
  const { transfer, local, source } = step;
  const { elapsedMs } = transfer;
  const ending: Ending =
    local === 'wrong' ? { code: 'healed' } : { code: 'downloaded', bytes: source.sizeBytes, elapsedMs };
  const evidence = { ...sourceEvidence(step), ...verdict.evidence, attempts: transfer.attempts };
  return { kind: 'ended', outcome: outcomeOf(step.file.index, ending, evidence, transfer) };
}
