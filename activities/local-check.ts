import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { LocalAnswer, SourceStep } from '../core/contract.js';
import { normaliseEtag } from '../core/etag.js';
import type { Ending, Evidence } from '../core/outcome.js';
import { findMismatch, needsEtag } from '../core/verify.js';
import type { Measured } from '../core/verify.js';
import type { RestoreDeps } from './deps.js';
import { outcomeOf } from './endings.js';
import { md5OfBytes } from './hashing.js';
import { findPlace } from './local-paths.js';

/** Looks at what is on disk under the file's name: the right bytes end the story, wrong or absent ones are to be fetched. */
export async function checkLocal(
  deps: RestoreDeps,
  step: SourceStep,
  signal: AbortSignal,
): Promise<LocalAnswer> {
  const { file, job } = step;
  const ended = (ending: Ending, found: Partial<Evidence>): LocalAnswer => ({
    kind: 'ended',
    outcome: outcomeOf(file.index, ending, { ...sourceEvidence(step), ...found }),
  });
  const place = await findPlace(file.destination, file.file);
  const stats = place === null ? null : await statOf(place.final);
  if (place === null || stats === null)
    return job.verifyOnly ? ended({ code: 'local-missing' }, {}) : { kind: 'fetch', local: 'absent' };
  if (stats.isDirectory())
    return ended({ code: 'cannot-write', errno: 'EISDIR' }, { cause: `${place.final} is a folder` });
  const verdict = await measureFile(deps, step, place.final, stats, signal);
  if (verdict.mismatch === null)
    return ended({ code: job.verifyOnly ? 'verified' : 'skipped' }, verdict.evidence);
  return job.verifyOnly
    ? ended({ code: 'local-wrong' }, verdict.evidence)
    : { kind: 'fetch', local: 'wrong' };
}

/** Null where there is nothing of this name. */
export const statOf = (path: string): Promise<Stats | null> =>
  stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });

export const sourceEvidence = ({ source }: SourceStep): Partial<Evidence> => ({
  s3Etag: normaliseEtag(source.etag),
  versionId: source.versionId,
});

export interface Verdict {
  readonly mismatch: string | null;
  readonly evidence: Partial<Evidence>;
}

/** Reads a file from disk and compares it with the catalogue. One of the wrong size is not read. */
export async function measureFile(
  { hashes }: RestoreDeps,
  { file: { expected }, source }: Pick<SourceStep, 'file' | 'source'>,
  path: string,
  stats: Pick<Stats, 'size' | 'isFile'>,
  signal: AbortSignal,
  onProgress: (bytesRead: number) => void = () => undefined,
): Promise<Verdict> {
  const unread: Measured = { sizeBytes: stats.size, md5: null, etag: null };
  if (!stats.isFile()) return { mismatch: 'not a regular file', evidence: { cause: 'not a regular file' } };
  if (stats.size !== (expected.sizeBytes ?? source.sizeBytes)) return verdict(expected, source, unread);
  const partSizeBytes = needsEtag(expected, source) ? expected.partSizeBytes : null;
  const found = await hashes.hashFile(path, {
    partSizeBytes,
    md5: expected.md5 !== null,
    signal,
    onProgress,
  });
  return verdict(expected, source, found);
}

function verdict(
  expected: SourceStep['file']['expected'],
  source: SourceStep['source'],
  found: Measured,
): Verdict {
  const mismatch = findMismatch(expected, source, found, md5OfBytes);
  return { mismatch, evidence: { localEtag: found.etag, localMd5: found.md5, cause: mismatch } };
}
