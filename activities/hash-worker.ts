/** A thread that hashes ranges of files, one after the other (hash-threads.ts is its other end). */
import { parentPort } from 'node:worker_threads';
import { alignedBlocks } from './disk-blocks.js';
import { md5OfRange, type HashedRange } from './hash-range.js';

export type ToHashWorker = { readonly hash: HashedRange } | { readonly cancel: true };
export type FromHashWorker =
  { readonly bytes: number } | { readonly md5: string } | { readonly problem: HashProblem };

/** What is left of an error: `code` and `syscall` are those of the disk's errors, null where there are none. */
export interface HashProblem {
  readonly message: string;
  readonly code: string | null;
  readonly syscall: string | null;
}

const BLOCK_BYTES = 2 * 1024 * 1024;
const PROGRESS_BYTES = 16 * 1024 * 1024;

const [one, two] = alignedBlocks(2, BLOCK_BYTES);
let cancelled = false;
const answer = (message: FromHashWorker): void => parentPort?.postMessage(message);

async function hash(range: HashedRange): Promise<string> {
  let unsaid = 0;
  const md5 = await md5OfRange(range, [one ?? new Uint8Array(), two ?? new Uint8Array()], (bytes) => {
    if (cancelled) throw new Error('cancelled');
    if ((unsaid += bytes) < PROGRESS_BYTES) return;
    answer({ bytes: unsaid });
    unsaid = 0;
  });
  answer({ bytes: unsaid });
  return md5;
}

parentPort?.on('message', (message: ToHashWorker) => {
  if ('cancel' in message) {
    cancelled = true;
    return;
  }
  cancelled = false;
  hash(message.hash).then(
    (md5) => answer({ md5 }),
    ({ message: text, code, syscall }: NodeJS.ErrnoException) =>
      answer({ problem: { message: text, code: code ?? null, syscall: syscall ?? null } }),
  );
});
