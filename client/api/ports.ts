/** What the HTTP API needs of the world. `worker/api.ts` hands in the real things; tests hand in plain objects. */
import type { Readable } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import type { Jobs } from '../job.js';
import type { Pace } from './pace.js';
import type { TokenSettings } from './tokens.js';

export interface ZipHead {
  /** As S3 gives it, quotes included: strong. */
  readonly etag: string;
  readonly sizeBytes: number;
}

/**
 * Finished ZIPs. Rejects with a `Problem`: `unreachable` where S3 does not answer, else another kind. Never asked for an
 * empty range.
 */
export interface ZipReader {
  /** Null where there is no such object (any more). */
  head(uri: string, signal: AbortSignal): Promise<ZipHead | null>;
  /** The bytes `[start, end)` of the object with this ETag; errors where they cannot be had to the end. */
  read(uri: string, etag: string, start: number, end: number, signal: AbortSignal): Promise<Readable>;
}

export interface ApiSettings extends TokenSettings {
  /** Name of the cookie that may carry a token; null: only the header may. */
  readonly cookie: string | null;
  readonly zipMaxFiles: number;
  /** How long a finished ZIP can be downloaded. */
  readonly zipTtlMs: number;
  /** How long a request waits for its ZIP. */
  readonly zipWaitMs: number;
  readonly ratePerMinute: number;
  readonly jobsPerUser: number;
  /** Downloads of one user at a time, in one process. */
  readonly downloadsPerUser: number;
  /** Event streams of one user at a time, in one process. */
  readonly streamsPerUser: number;
  readonly events: EventRhythm;
  readonly pace: Pace;
}

export interface EventRhythm {
  readonly pollMs: number;
  readonly heartbeatMs: number;
}

export interface ApiDeps {
  readonly jobs: Jobs;
  readonly zips: ZipReader;
  readonly settings: ApiSettings;
  /** What must answer for the API to be of use, by name; each rejects where it does not. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
  readonly nowMs: () => number;
  /** Where the metrics live, if the caller has some of its own. */
  readonly metrics?: Registry;
  /** Without one nothing is logged. */
  readonly log?: FastifyBaseLogger;
}
