import type { EtagAnswer, FileStep } from '../core/contract.js';
import { normaliseEtag } from '../core/etag.js';
import { judgeSource } from '../core/verify.js';
import type { RestoreDeps } from './deps.js';
import { outcomeOf } from './endings.js';
import { md5OfBytes } from './hashing.js';
import { logSourceFault } from './log-lines.js';
import { StoreProblem } from './ports.js';

/** Asks S3 for the object's head and compares it with the catalogue: nothing is fetched that S3 has lost or altered. */
export async function checkSource(
  { store }: RestoreDeps,
  { file }: FileStep,
  signal: AbortSignal,
): Promise<EtagAnswer> {
  const head = await store.head(file, signal);
  if (head.archivedAs !== null)
    throw new StoreProblem('archived', `${file.bucket}/${file.key} is in ${head.archivedAs}`, {
      detail: head.archivedAs,
    });
  const { etag, versionId, sizeBytes, etagIsDigest } = head;
  const source = { etag, versionId, sizeBytes, etagIsDigest };
  const fault = judgeSource(file.expected, source, md5OfBytes);
  if (fault === null) return { kind: 'right', source };
  const evidence = { s3Etag: normaliseEtag(etag), versionId, cause: fault.cause };
  logSourceFault(file, evidence);
  const ending =
    fault.kind === 'corrupt'
      ? ({ code: 's3-corrupt' } as const)
      : ({ code: 'invalid-entry', what: fault.cause } as const);
  return { kind: 'ended', outcome: outcomeOf(file.index, ending, evidence) };
}
