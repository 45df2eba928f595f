/** Finished ZIPs for the HTTP API, over the object store: a body that breaks is fetched on from where it broke. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreProblem } from '../activities/ports.js';
import type { ObjectAddress, ObjectStore, PinnedObject } from '../activities/ports.js';
import type { ZipReader } from '../client/api/ports.js';
import { Problem } from '../client/problem.js';
import { parseS3Path } from '../core/s3-url.js';

/** In a row, without a byte in between. */
const MOST_FAILURES = 4;
const FIRST_PAUSE_MS = 200;
/** For a free connection and S3's answer on it; the store counts from when it has a connection. */
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * Every request is pinned to the ETag of the head, so that no two objects are ever mixed. Heads come over connections of
 * their own, so that slow downloads do not keep them waiting.
 */
export function createZipReader(
  store: Pick<ObjectStore, 'readRange'>,
  heads: Pick<ObjectStore, 'head'>,
  answerTimeoutMs = ANSWER_TIMEOUT_MS,
): ZipReader {
  const patient = { readRange: inTime(store, answerTimeoutMs) };
  return {
    head: async (uri, signal) => {
      try {
        const { etag, sizeBytes } = await headInTime(heads, addressOf(uri), answerTimeoutMs, signal);
        return { etag: etag.startsWith('"') ? etag : `"${etag}"`, sizeBytes };
      } catch (error) {
        if (error instanceof StoreProblem && error.code === 'missing') return null;
        throw problemOf(error);
      }
    },
    read: async (uri, etag, start, end, signal) => {
      const object = { ...addressOf(uri), etag };
      // The first request is made before the answer begins: it may still be refused.
      const first = await patient.readRange(object, start, end, signal).catch((error: unknown) => {
        throw problemOf(error);
      });
      // A client may leave before anything was read: then nobody else would hear of the first body's end, or let it go.
      first.on('error', () => {});
      const body = Readable.from(resumed(patient, object, first, [start, end], signal));
      return body.once('close', () => first.destroy());
    },
  };
}

/** The store tries a head again and again; whoever waits for a ZIP is told sooner. */
async function headInTime(
  store: Pick<ObjectStore, 'head'>,
  address: ObjectAddress,
  timeoutMs: number,
  signal: AbortSignal,
): ReturnType<ObjectStore['head']> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    return await store.head(address, AbortSignal.any([signal, late]));
  } catch (error) {
    throw late.aborted && !signal.aborted ? silence(timeoutMs) : error;
  }
}

const silence = (timeoutMs: number): StoreProblem =>
  new StoreProblem('unavailable', `no connection to S3 and no answer for ${timeoutMs / 1000} s`);

/** Gives a request up that has no answer in time, without a hold on the body once there is one. */
const inTime =
  (store: Pick<ObjectStore, 'readRange'>, timeoutMs: number): ObjectStore['readRange'] =>
  async (object, start, end, signal) => {
    const attempt = new AbortController();
    const follow = (): void => attempt.abort(signal.reason);
    if (signal.aborted) follow();
    signal.addEventListener('abort', follow, { once: true });
    const late = silence(timeoutMs);
    const timer = setTimeout(() => attempt.abort(late), timeoutMs);
    const unfollow = (): void => signal.removeEventListener('abort', follow);
    try {
      const body = await store.readRange(object, start, end, attempt.signal);
      return body.once('close', unfollow);
    } catch (error) {
      unfollow();
      throw attempt.signal.reason === late ? late : error;
    } finally {
      clearTimeout(timer);
    }
  };

async function* resumed(
  store: Pick<ObjectStore, 'readRange'>,
  object: PinnedObject,
  first: Readable,
  [start, end]: readonly [number, number],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let body: Readable | null = first;
  let failures = 0;
  for (let at = start; at < end;) {
    try {
      body ??= await store.readRange(object, at, end, signal);
      for await (const chunk of body as AsyncIterable<Buffer>) {
        [at, failures] = [at + chunk.length, 0];
        yield chunk;
      }
    } catch (error) {
      body = null;
      failures += 1;
      const mayPass = error instanceof StoreProblem && error.code === 'unavailable';
      if (!mayPass || failures >= MOST_FAILURES) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** failures, undefined, { signal });
    }
  }
}

function addressOf(uri: string): { readonly bucket: string; readonly key: string } {
  const { bucket = '', prefix: key = '' } = parseS3Path(uri) ?? {};
  return { bucket, key };
}

/** The API tells what may pass from what does not, and shows nothing else of it. */
function problemOf(error: unknown): unknown {
  if (!(error instanceof StoreProblem)) return error;
  const kind = error.code === 'unavailable' ? 'unreachable' : error.code === 'denied' ? 'denied' : 'internal';
  return new Problem(kind, error.message, error);
}
