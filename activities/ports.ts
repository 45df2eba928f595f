/**
 * What the activities need of the world, as small as can be. `worker/` hands in the real things; tests hand in a fake
 * store that passes the same suite as real S3 (test/support/object-store-suite.ts).
 */
import type { Readable } from 'node:stream';
import type { RawFileDocument } from '../core/plan.js';

export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
}

/** An object whose bytes are pinned: a request for them fails with `changed` if the object has another ETag by then. */
export interface PinnedObject extends ObjectAddress {
  readonly etag: string;
}

export interface ObjectHead {
  /** As S3 gives it, quotes included. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly versionId: string | null;
  /** False under SSE-KMS and SSE-C, where the ETag is not a digest of the bytes. */
  readonly etagIsDigest: boolean;
  /** The storage class where the object is archived and not (yet) thawed, else null. */
  readonly archivedAs: string | null;
}

/**
 * Everything that S3 can answer but bytes. `unavailable` (connection, time-out, throttling, 5xx, a cut or stalled body) may
 * pass; nothing else does.
 */
export type StoreProblemCode =
  'missing' | 'bucket-missing' | 'denied' | 'archived' | 'changed' | 'unavailable';

/** The only error an ObjectStore throws, besides an abort. `message` is one line that says what was asked and what was answered. */
export class StoreProblem extends Error {
  override readonly name = 'StoreProblem';
  readonly code: StoreProblemCode;
  /** With `archived`: the storage class. */
  readonly detail: string | null;
  /** With `unavailable`: how long the server asked to be left alone (Retry-After). */
  readonly retryAfterMs: number | null;
  constructor(
    code: StoreProblemCode,
    message: string,
    options: { readonly cause?: unknown; readonly detail?: string; readonly retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.detail = options.detail ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

export interface ObjectStore {
  /** Throws StoreProblem: missing, bucket-missing, denied, unavailable; the last only after retries with back-off. */
  head(address: ObjectAddress, signal: AbortSignal): Promise<ObjectHead>;
  /**
   * The bytes `[start, end)` of a pinned object, as one body that is not retried: whoever reads it starts a new range where
   * it broke. The body errors with StoreProblem `unavailable` when it is cut or stalls, and ends only after exactly
   * `end - start` bytes. Never called for an empty range. Throws StoreProblem: all codes.
   */
  readRange(object: PinnedObject, start: number, end: number, signal: AbortSignal): Promise<Readable>;
}

/** The catalogue: it is only ever read. */
export interface RawFiles {
  /** The documents of these ids, in any order; unknown ids are absent. Throws an Error with a sentence that names server and setting. */
  find(ids: readonly string[], signal?: AbortSignal): Promise<readonly RawFileDocument[]>;
}
