/** The catalogue of refusals: each code with its status and its words (RFC 9457). CONTRACT §3 fixes the `detail` texts. */
import type { ZipSizes } from '../../core/zip-contract.js';

export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body never differs, not even in the request id: nobody learns why from it. */
  readonly constant?: true;
}

const RETRY_AFTER_S = '5';

export const PROBLEMS = {
  'bad-request': { status: 400, title: 'Bad Request', detail: 'The request cannot be read' },
  'broken-json': { status: 400, title: 'Bad Request', detail: 'The body is not valid JSON' },
  unauthenticated: {
    status: 401,
    title: 'Unauthorized',
    detail: 'Authentication required',
    headers: { 'www-authenticate': 'Bearer realm="stowage"' },
  },
  'workspace-denied': { status: 403, title: 'Forbidden', detail: 'Workspace access denied' },
  'csrf-missing': {
    status: 403,
    title: 'Forbidden',
    detail: 'CSRF token missing. Both cookie and header required.',
  },
  'csrf-mismatch': {
    status: 403,
    title: 'Forbidden',
    detail: 'CSRF token mismatch. Cookie and header must match.',
  },
  'attachments-not-found': {
    status: 404,
    title: 'Not Found',
    detail: 'One or more attachments not found or do not belong to this client',
    constant: true,
  },
  'job-not-found': { status: 404, title: 'Not Found', detail: 'There is no such job', constant: true },
  'no-such-resource': { status: 404, title: 'Not Found', detail: 'There is no such resource' },
  'no-report': { status: 404, title: 'Not Found', detail: 'This job has no report' },
  'method-not-allowed': {
    status: 405,
    title: 'Method Not Allowed',
    detail: 'This resource does not support this method',
  },
  'not-acceptable': {
    status: 406,
    title: 'Not Acceptable',
    detail: 'None of the media types in Accept can be produced',
  },
  'request-timeout': {
    status: 408,
    title: 'Request Timeout',
    detail: 'The request did not arrive in time',
  },
  'job-running': { status: 409, title: 'Conflict', detail: 'The job is still running' },
  'job-ended': { status: 409, title: 'Conflict', detail: 'The job has ended already' },
  'job-cancelled': { status: 409, title: 'Conflict', detail: 'The job was cancelled' },
  gone: { status: 410, title: 'Gone', detail: 'The ZIP file has expired' },
  'too-large': { status: 413, title: 'Content Too Large', detail: 'Total file size exceeds the limit' },
  'body-too-large': {
    status: 413,
    title: 'Content Too Large',
    detail: 'The body of the request exceeds 64 KB',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported Media Type',
    detail: "Expected Content-Type 'application/json'",
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'Range Not Satisfiable',
    detail: 'Expected one range of bytes within the file',
  },
  invalid: { status: 422, title: 'Unprocessable Content', detail: 'The request is not valid' },
  'key-reused': {
    status: 422,
    title: 'Unprocessable Content',
    detail: 'This Idempotency-Key was used for another request',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too Many Requests',
    detail: 'Too many requests. Please try again later.',
  },
  'too-many-jobs': {
    status: 429,
    title: 'Too Many Requests',
    detail: 'Too many jobs of yours are running. Please wait until one has ended.',
    headers: { 'retry-after': RETRY_AFTER_S },
  },
  'too-many-downloads': {
    status: 429,
    title: 'Too Many Requests',
    detail: 'Too many downloads of yours are under way. Please wait until one has ended.',
    headers: { 'retry-after': RETRY_AFTER_S },
  },
  'too-many-streams': {
    status: 429,
    title: 'Too Many Requests',
    detail: 'Too many event streams of yours are open. Please close one.',
    headers: { 'retry-after': RETRY_AFTER_S },
  },
  'headers-too-large': {
    status: 431,
    title: 'Request Header Fields Too Large',
    detail: 'The headers of the request are too large',
  },
  'client-left': { status: 499, title: 'Client Closed Request', detail: 'The client went away' },
  storage: { status: 500, title: 'Internal Server Error', detail: 'Failed to download file from storage' },
  zip: { status: 500, title: 'Internal Server Error', detail: 'Failed to create ZIP file' },
  'restore-failed': { status: 500, title: 'Internal Server Error', detail: 'The restore failed' },
  internal: { status: 500, title: 'Internal Server Error', detail: 'Something went wrong on the server' },
  unavailable: {
    status: 503,
    title: 'Service Unavailable',
    detail: 'The service is temporarily unavailable. Please try again later.',
    headers: { 'retry-after': RETRY_AFTER_S },
  },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One mistake in a request, and where it is. */
export interface FieldError {
  readonly in: 'body' | 'path' | 'header' | 'query';
  /** A JSON pointer (RFC 6901) in its URI form, as in RFC 9457's own example. */
  readonly pointer: string;
  readonly detail: string;
}

export interface Refusal {
  readonly code: ProblemCode;
  /** Instead of the catalogue's words. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the document besides those of RFC 9457. */
  readonly sizes?: ZipSizes;
}

/** Thrown by handlers and hooks; the error handler writes it down. */
export class HttpProblem extends Error {
  readonly refusal: Refusal;
  /** Fastify's plugins look at it. */
  readonly statusCode: number;

  constructor(refusal: Refusal, cause?: unknown) {
    super(refusal.detail ?? PROBLEMS[refusal.code].detail, { cause });
    this.name = 'HttpProblem';
    this.refusal = refusal;
    this.statusCode = PROBLEMS[refusal.code].status;
  }
}

/** The names of problems in documents. */
export const problemType = (code: ProblemCode): string => `urn:stowage:problem:${code}`;

/** A problem of the catalogue, to be thrown. */
export const problem = (code: ProblemCode, more: Omit<Refusal, 'code'> = {}): HttpProblem =>
  new HttpProblem({ code, ...more });

/** The document that goes out. */
export function problemDocument({ code, detail, errors, sizes }: Refusal, requestId: string | null) {
  const kind: ProblemKind = PROBLEMS[code];
  return {
    type: problemType(code),
    title: kind.title,
    status: kind.status,
    detail: detail ?? kind.detail,
    ...(kind.constant || requestId === null ? {} : { instance: requestId }),
    ...(errors === undefined ? {} : { errors }),
    ...sizes,
  };
}

/** What goes out beside it. */
export const problemHeaders = ({ code, headers }: Refusal): Readonly<Record<string, string>> => {
  const kind: ProblemKind = PROBLEMS[code];
  return { ...kind.headers, ...headers };
};
