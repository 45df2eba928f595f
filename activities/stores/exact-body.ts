import { Readable } from 'node:stream';
import { brokenAnswer, type Asked } from './s3-problems.js';

export interface BodyTerms {
  readonly asked: Asked;
  readonly bytes: number;
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Chunks are socket reads of at most 64 KiB: about 1 MiB waits for the disk while the network goes on. */
const CHUNKS_AHEAD = 16;

/**
 * The body of an answer, made honest: it ends only after exactly `bytes`, errors as `unavailable` when it is cut, too long
 * or silent for `stallTimeoutMs` while it is being read, and an abort destroys the socket at once. Object mode keeps the
 * chunks as they came: a byte stream would join what waits, which is a copy.
 */
export function exactBody(source: Readable, { asked, bytes, stallTimeoutMs, signal }: BodyTerms): Readable {
  let missing = bytes;
  let timer: NodeJS.Timeout | null = null;
  const broken = (found: string, cause?: unknown): void =>
    void body.destroy(brokenAnswer(asked, `${found} after ${bytes - missing} of ${bytes} bytes`, cause));
  const watch = (): void => {
    timer ??= setTimeout(() => broken(`nothing came for ${stallTimeoutMs / 1000} s`), stallTimeoutMs);
  };
  const rest = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const abort = (): void => void body.destroy(signal.reason as Error);
  const body = new Readable({
    objectMode: true,
    highWaterMark: CHUNKS_AHEAD,
    read: () => {
      if (missing >= 0 && !source.readableEnded) watch();
      source.resume();
    },
    destroy: (error, done) => {
      rest();
      signal.removeEventListener('abort', abort);
      source.destroy();
      done(error);
    },
  });
  source.on('data', (chunk: Buffer) => {
    missing -= chunk.length;
    if (missing < 0) return broken(`${-missing} bytes too many`);
    timer?.refresh();
    if (body.push(chunk)) return;
    // A reader that takes its time is not a silent server.
    rest();
    source.pause();
  });
  source.on('end', () => {
    rest();
    if (missing === 0) body.push(null);
    else broken('the body ended');
  });
  source.on('error', (error) => broken('the body broke', error));
  source.on('close', () => {
    if (!source.readableEnded) broken('the connection closed');
  });
  source.pause();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return body;
}
