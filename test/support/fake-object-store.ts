/** An ObjectStore in memory, with the same manners as S3 (object-store-suite.ts), and with faults where a test wants them. */
import { Readable } from 'node:stream';
import { etagOfParts, normaliseEtag, partRanges } from '../../core/etag.js';
import {
  StoreProblem,
  type ObjectAddress,
  type ObjectHead,
  type ObjectStore,
  type StoreProblemCode,
} from '../../activities/ports.js';
import { md5Of } from './md5-of.js';

export interface PutOptions {
  /** Uploaded in parts of this size; else in one piece. */
  readonly partSizeBytes?: number;
  readonly storageClass?: string;
  /** Encrypted with a KMS key: the ETag is no digest. */
  readonly kms?: boolean;
}

/**
 * What goes wrong with one request. `bytes`: after how many a body is cut, stalls or has a flipped byte; how many it ends
 * too early or too late.
 */
export type Fault =
  | { readonly kind: 'problem'; readonly code: StoreProblemCode; readonly retryAfterMs?: number }
  | { readonly kind: 'cut' | 'stall' | 'flip' | 'short' | 'long'; readonly bytes: number };

export interface StoreRequest {
  readonly operation: 'head' | 'read';
  readonly bucket: string;
  readonly key: string;
  /** With `read`. */
  readonly start: number;
  readonly end: number;
  /** 0 for the first request of the store. */
  readonly call: number;
}

export interface FakeObjectStore extends ObjectStore {
  /** Stores an object and returns its ETag, quotes included. Makes the bucket. */
  put(bucket: string, key: string, bytes: Uint8Array, options?: PutOptions): string;
  /** Other bytes under the same key, and so under another ETag. */
  overwrite(bucket: string, key: string, bytes: Uint8Array, options?: PutOptions): string;
  remove(bucket: string, key: string): void;
  makeBucket(bucket: string): void;
  /** Asked before each request; null: nothing goes wrong. */
  failWith(faultOf: (request: StoreRequest) => Fault | null): void;
  /** All requests so far. */
  readonly requests: readonly StoreRequest[];
  /** Bytes asked for by all reads so far. */
  bytesRequested(): number;
  /** Bodies that were neither read to their end nor destroyed. */
  openBodies(): number;
}

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly head: ObjectHead;
}

const CHUNK_BYTES = 64 * 1024;

export function createFakeObjectStore(): FakeObjectStore {
  const buckets = new Map<string, Map<string, StoredObject>>();
  const requests: StoreRequest[] = [];
  const bodies = new Set<Readable>();
  let faultOf: (request: StoreRequest) => Fault | null = () => null;

  const makeBucket = (bucket: string): Map<string, StoredObject> => {
    const objects = buckets.get(bucket) ?? new Map<string, StoredObject>();
    buckets.set(bucket, objects);
    return objects;
  };
  const put: FakeObjectStore['put'] = (bucket, key, bytes, options = {}) => {
    const stored = storedObject(bytes, options);
    makeBucket(bucket).set(key, stored);
    return stored.head.etag;
  };
  const begin = (request: Omit<StoreRequest, 'call'>): Fault | null => {
    const numbered = { ...request, call: requests.length };
    requests.push(numbered);
    const fault = faultOf(numbered);
    if (fault?.kind === 'problem') throw problem(fault.code, request, { retryAfterMs: fault.retryAfterMs });
    return fault;
  };
  const find = (address: ObjectAddress): StoredObject => {
    const objects = buckets.get(address.bucket);
    if (objects === undefined) throw problem('bucket-missing', address);
    const stored = objects.get(address.key);
    if (stored === undefined) throw problem('missing', address);
    return stored;
  };
  return {
    put,
    overwrite: put,
    remove: (bucket, key) => void buckets.get(bucket)?.delete(key),
    makeBucket: (bucket) => void makeBucket(bucket),
    failWith: (next) => void (faultOf = next),
    requests,
    bytesRequested: () => requests.reduce((sum, { start, end }) => sum + end - start, 0),
    openBodies: () => [...bodies].filter((body) => !body.destroyed && !body.readableEnded).length,
    head: async (address, signal) => {
      await nextTurn(signal);
      begin({ operation: 'head', ...pick(address), start: 0, end: 0 });
      return find(address).head;
    },
    readRange: async (object, start, end, signal) => {
      await nextTurn(signal);
      const fault = begin({ operation: 'read', ...pick(object), start, end });
      const { bytes, head } = find(object);
      if (normaliseEtag(head.etag) !== normaliseEtag(object.etag) || end > bytes.length)
        throw problem('changed', object);
      if (head.archivedAs !== null) throw problem('archived', object, { detail: head.archivedAs });
      const body = bodyOf(bytes.subarray(start, end), fault, signal);
      bodies.add(body);
      return body;
    },
  };
}

const pick = ({ bucket, key }: ObjectAddress): ObjectAddress => ({ bucket, key });

/** A request answers later, never before the caller has gone on; an abort wins. */
async function nextTurn(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}

function storedObject(
  bytes: Uint8Array,
  { partSizeBytes, storageClass, kms = false }: PutOptions,
): StoredObject {
  const head = {
    etag: `"${kms ? md5Of(Buffer.from(`sealed ${md5Of(bytes)}`)) : etagOf(bytes, partSizeBytes)}"`,
    sizeBytes: bytes.length,
    versionId: null,
    etagIsDigest: !kms,
    archivedAs: storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE' ? storageClass : null,
  };
  return { bytes: Uint8Array.from(bytes), head };
}

function etagOf(bytes: Uint8Array, partSizeBytes: number | undefined): string {
  if (partSizeBytes === undefined) return md5Of(bytes);
  const parts = partRanges(bytes.length, partSizeBytes).map(([start, end]) =>
    md5Of(bytes.subarray(start, end)),
  );
  // S3 gives an upload of one part `md5Of(md5)-1`; the catalogue's form of it is the plain MD5.
  return parts.length === 1 ? `${md5Of(Buffer.from(parts[0] ?? '', 'hex'))}-1` : etagOfParts(parts, md5Of);
}

const problem = (
  code: StoreProblemCode,
  { bucket, key }: ObjectAddress,
  options: { readonly detail?: string; readonly retryAfterMs?: number | undefined } = {},
): StoreProblem =>
  new StoreProblem(code, `s3://${bucket}/${key}: ${code} (fake)`, {
    ...(options.detail === undefined ? {} : { detail: options.detail }),
    ...(options.retryAfterMs === undefined ? {} : { retryAfterMs: options.retryAfterMs }),
  });

/** What a broken store would send: the right bytes up to where the fault is. */
function bodyOf(bytes: Uint8Array, fault: Fault | null, signal: AbortSignal): Readable {
  const { sent, after } = withFault(bytes, fault);
  let at = 0;
  const abort = (): void => void body.destroy(signal.reason as Error);
  const body = new Readable({
    read: () => {
      if (at < sent.length) body.push(sent.subarray(at, (at += CHUNK_BYTES)));
      else if (after === 'end') body.push(null);
      else if (after === 'break')
        body.destroy(new StoreProblem('unavailable', `the body broke after ${at} bytes (fake)`));
    },
    destroy: (error, done) => {
      signal.removeEventListener('abort', abort);
      done(error);
    },
  });
  signal.addEventListener('abort', abort, { once: true });
  return body;
}

function withFault(
  bytes: Uint8Array,
  fault: Fault | null,
): { sent: Uint8Array; after: 'end' | 'break' | 'silence' } {
  if (fault === null || fault.kind === 'problem') return { sent: bytes, after: 'end' };
  if (fault.kind === 'cut') return { sent: bytes.subarray(0, fault.bytes), after: 'break' };
  if (fault.kind === 'stall') return { sent: bytes.subarray(0, fault.bytes), after: 'silence' };
  if (fault.kind === 'short') return { sent: bytes.subarray(0, bytes.length - fault.bytes), after: 'end' };
  if (fault.kind === 'long')
    return { sent: Buffer.concat([bytes, Buffer.alloc(fault.bytes, 'x')]), after: 'end' };
  const flipped = Uint8Array.from(bytes);
  flipped[fault.bytes] = (flipped[fault.bytes] ?? 0) ^ 1;
  return { sent: flipped, after: 'end' };
}
