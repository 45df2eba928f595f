/** What S3 or the network answered instead of what was asked for → StoreProblem, in one line without secrets. */
import { StoreProblem, type StoreProblemCode } from '../ports.js';

/** What was asked, for the message: `wanted` names object and range, `endpoint` the server. */
export interface Asked {
  readonly wanted: string;
  readonly endpoint: string;
}

/** A refusal by the server. Neither its headers nor its body go into a message: they may hold key ids and signatures. */
export interface Refusal {
  readonly status: number;
  /** The `<Code>` of S3's answer; null where it has none (HEAD). */
  readonly code: string | null;
  readonly retryAfter: string | null;
  readonly storageClass: string | null;
}

const BY_CODE: Readonly<Record<string, StoreProblemCode>> = {
  NoSuchKey: 'missing',
  NoSuchVersion: 'missing',
  NoSuchBucket: 'bucket-missing',
  // Versitygw's answer (404) to an access key that it does not know.
  XAdminUserNotFound: 'denied',
  InvalidObjectState: 'archived',
  PreconditionFailed: 'changed',
  RequestTimeout: 'unavailable',
  SlowDown: 'unavailable',
  ServiceUnavailable: 'unavailable',
  InternalError: 'unavailable',
  OperationAborted: 'unavailable',
  Throttling: 'unavailable',
  ThrottlingException: 'unavailable',
  RequestLimitExceeded: 'unavailable',
};

/** 416: the pinned object is shorter than it was at the check. 4xx otherwise: asking again changes nothing. */
const BY_STATUS: Readonly<Record<number, StoreProblemCode>> = {
  404: 'missing',
  408: 'unavailable',
  409: 'unavailable',
  412: 'changed',
  416: 'changed',
  429: 'unavailable',
};

const codeOf = ({ status, code }: Refusal): StoreProblemCode =>
  BY_CODE[code ?? ''] ?? BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'denied');

const WORDS: Readonly<Record<StoreProblemCode, string>> = {
  missing: 'the object does not exist',
  'bucket-missing': 'the bucket does not exist',
  denied: 'access denied',
  archived: 'the object is archived',
  changed: 'the object has changed since it was checked',
  unavailable: 'S3 cannot answer now',
};

/** An answer that says no → the problem, with what was asked and what was answered. */
export function problemOfRefusal(asked: Asked, refusal: Refusal): StoreProblem {
  const code = codeOf(refusal);
  const answer = [`HTTP ${refusal.status}`, refusal.code, refusal.storageClass].filter(
    (word) => word !== null,
  );
  const hint = refusal.status >= 300 && refusal.status < 400 ? '; is the bucket in another region?' : '';
  const message = `${asked.wanted}: ${WORDS[code]} (${answer.join(' ')} from ${asked.endpoint}${hint})`;
  return new StoreProblem(code, message, {
    ...(code === 'archived' ? { detail: refusal.storageClass ?? 'archived' } : {}),
    ...retryAfterOf(refusal.retryAfter),
  });
}

/** Retry-After is a number of seconds or a date (RFC 9110 §10.2.3). */
function retryAfterOf(text: string | null): { readonly retryAfterMs?: number } {
  if (text === null) return {};
  const waitMs = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(waitMs) ? { retryAfterMs: Math.max(0, waitMs) } : {};
}

/** An answer that is not what was asked for, or ends too early: `found` says what it is. */
export const brokenAnswer = (asked: Asked, found: string, cause?: unknown): StoreProblem =>
  new StoreProblem('unavailable', `${asked.wanted}: ${found} (from ${asked.endpoint})`, { cause });

/** No answer at all: DNS, connection, TLS, or a connection that broke. */
export function problemOfConnection(asked: Asked, error: unknown): StoreProblem {
  const reason = connectionErrorText(error);
  const message = `${asked.wanted}: cannot reach S3 at ${asked.endpoint} (${reason}); the address comes from AWS_ENDPOINT_URL_S3`;
  return new StoreProblem('unavailable', message, { cause: error });
}

/** `ECONNREFUSED` rather than a sentence, wherever it is: the SDK wraps errors, and an AggregateError (IPv4 and IPv6 both
 * tried) has no message. */
function connectionErrorText(error: unknown): string {
  const { code, message, name, cause } = error as NodeJS.ErrnoException;
  if (code !== undefined) return code;
  if (cause instanceof Error) return connectionErrorText(cause);
  const text = message === '' ? name : message;
  return text.split('\n', 1)[0] ?? name;
}
