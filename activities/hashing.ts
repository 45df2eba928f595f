/** The digests of files on disk: the whole file's MD5 and the ETag that S3 would give it, off the main thread. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { etagOfParts, partRanges, type Md5 } from '../core/etag.js';
import { followAbort } from './following-abort.js';
import { createHashThreads, type HashThreads } from './hash-threads.js';

export interface HashRequest {
  /** The part size of the wanted ETag; null: no ETag. */
  readonly partSizeBytes: number | null;
  /** Whether the MD5 of the whole file is wanted. */
  readonly md5: boolean;
  readonly signal: AbortSignal;
  /** Bytes of the file that are hashed so far. */
  readonly onProgress?: (bytesDone: number) => void;
}

export interface FileHashes {
  readonly sizeBytes: number;
  readonly md5: string | null;
  readonly etag: string | null;
}

export interface HashPool {
  /** Throws what the disk throws (errno in `code`), or the abort's reason. */
  hashFile(path: string, request: HashRequest): Promise<FileHashes>;
  close(): Promise<void>;
}

/** Below this the way to a thread and back costs more than the hashing. */
const INLINE_BYTES = 1024 * 1024;

export const md5OfBytes: Md5 = (bytes) => createHash('md5').update(bytes).digest('hex');

/** Hashes files in `threads` threads, several parts of a file at once. */
export function createHashPool({ threads }: { readonly threads: number }): HashPool {
  const pool = createHashThreads(threads);
  return {
    hashFile: async (path, request) => {
      request.signal.throwIfAborted();
      const { size } = await stat(path);
      return size < INLINE_BYTES ? hashInline(path, request) : hashInThreads(pool, path, size, request);
    },
    close: () => pool.close(),
  };
}

async function hashInline(
  path: string,
  { partSizeBytes, md5, signal, onProgress }: HashRequest,
): Promise<FileHashes> {
  const bytes = await readFile(path);
  signal.throwIfAborted();
  const parts = partSizeBytes === null ? [] : partRanges(bytes.length, partSizeBytes);
  const whole = md5 || parts.length === 1 ? md5OfBytes(bytes) : null;
  const partMd5s =
    parts.length === 1 && whole !== null
      ? [whole]
      : parts.map(([from, to]) => md5OfBytes(bytes.subarray(from, to)));
  onProgress?.(bytes.length);
  const etag = partSizeBytes === null ? null : etagOfParts(partMd5s, md5OfBytes);
  return { sizeBytes: bytes.length, md5: md5 ? whole : null, etag };
}

async function hashInThreads(
  pool: HashThreads,
  path: string,
  sizeBytes: number,
  { partSizeBytes, md5, signal, onProgress }: HashRequest,
): Promise<FileHashes> {
  const parts = partSizeBytes === null ? [] : partRanges(sizeBytes, partSizeBytes);
  const isOnePart = parts.length === 1;
  // The whole file first: it is one long stream, and the parts fill the other threads meanwhile.
  const whole = md5 || isOnePart ? [[0, sizeBytes] as const] : [];
  const ranges = [...whole, ...(isOnePart ? [] : parts)];
  const passes = whole.length + (isOnePart || parts.length === 0 ? 0 : 1);
  const digests = await hashRanges(pool, path, ranges, signal, (bytes) =>
    onProgress?.(Math.floor(bytes / passes)),
  );
  const wholeMd5 = whole.length === 0 ? null : (digests[0] ?? null);
  const partMd5s = isOnePart ? digests : digests.slice(whole.length);
  const etag = partSizeBytes === null ? null : etagOfParts(partMd5s, md5OfBytes);
  return { sizeBytes, md5: md5 ? wholeMd5 : null, etag };
}

/** All ranges at once, as far as there are threads; the first error stops the others. */
async function hashRanges(
  pool: HashThreads,
  path: string,
  ranges: readonly (readonly [number, number])[],
  signal: AbortSignal,
  onBytes: (bytesDone: number) => void,
): Promise<readonly string[]> {
  const together = followAbort(signal);
  let bytesDone = 0;
  const hashOne = ([start, end]: readonly [number, number]): Promise<string> =>
    pool.md5OfRange({ path, start, end }, together.signal, (bytes) => onBytes((bytesDone += bytes)));
  try {
    return await Promise.all(ranges.map(hashOne));
  } catch (error) {
    together.end(error);
    throw error;
  } finally {
    together.release();
  }
}
