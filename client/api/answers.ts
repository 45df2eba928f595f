/** What each route answers with, for OpenAPI: the refusals are those of the catalogue (problems.ts). */
import { z } from 'zod';
import type { ProblemCode } from './problems.js';
import { PROBLEMS } from './problems.js';
import { accepted, job, readiness, refusal, reports } from './schemas.js';

const binary = z.string().meta({ format: 'binary' });

interface Answer {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: z.ZodType }>>;
  /** Those that are always there. */
  readonly headers?: Readonly<Record<string, HeaderSchema>>;
}

interface HeaderSchema {
  readonly type: 'string' | 'integer';
  readonly description: string;
}

const answer = (
  description: string,
  schemas: Readonly<Record<string, z.ZodType>>,
  headers: NonNullable<Answer['headers']> = {},
): Answer => ({
  description,
  content: Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }])),
  headers,
});

const RETRY_AFTER = { 'Retry-After': { type: 'integer', description: 'Seconds' } } as const;
const CONTENT_RANGE = { 'Content-Range': { type: 'string', description: 'As in RFC 9110' } } as const;
const STARTED = { Location: { type: 'string', description: 'Address of the job' }, ...RETRY_AFTER } as const;
const ZIP = {
  'Content-Length': { type: 'integer', description: 'Always exact' },
  'Content-Disposition': { type: 'string', description: 'Name of the file' },
  'Content-Location': { type: 'string', description: 'Where a download that broke can go on' },
  'Accept-Ranges': { type: 'string', description: 'bytes' },
  ETag: { type: 'string', description: 'Strong' },
} as const;

const REFUSAL_HEADERS: Readonly<Record<number, Answer['headers']>> = {
  401: { 'WWW-Authenticate': { type: 'string', description: 'Bearer' } },
  416: CONTENT_RANGE,
  429: RETRY_AFTER,
  503: RETRY_AFTER,
};

/** One answer for each status, with the sentences of the catalogue. */
function refusals(...codes: readonly ProblemCode[]): Readonly<Record<number, Answer>> {
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const details = codes
        .filter((code) => PROBLEMS[code].status === status)
        .map((code) => PROBLEMS[code].detail);
      const description = [...new Set(details)].join(' · ');
      return [status, answer(description, { 'application/problem+json': refusal }, REFUSAL_HEADERS[status])];
    }),
  );
}

/** What every route with a token can say. */
const COMMON = [
  'bad-request',
  'unauthenticated',
  'workspace-denied',
  'not-acceptable',
  'too-many-requests',
  'internal',
  'unavailable',
] as const;

/** Of those that are not GET or HEAD. */
const WITH_BODY = [
  'broken-json',
  'csrf-missing',
  'csrf-mismatch',
  'body-too-large',
  'unsupported-media-type',
] as const;

const STARTS = ['invalid', 'key-reused', 'too-many-jobs'] as const;

/** How a ZIP can end. */
const ZIP_ENDS = ['attachments-not-found', 'too-large', 'storage', 'zip', 'too-many-downloads'] as const;

const startedAnswer = answer('Started; look at Location', { 'application/json': accepted }, STARTED);

/** What each route answers with. */
export const answers = {
  download: {
    200: answer('The ZIP', { 'application/zip': binary }, ZIP),
    202: startedAnswer,
    ...refusals(...COMMON, ...WITH_BODY, ...STARTS, ...ZIP_ENDS),
  },
  started: { 202: startedAnswer, ...refusals(...COMMON, ...WITH_BODY, ...STARTS) },
  job: { 200: answer('The job', { 'application/json': job }), ...refusals(...COMMON, 'job-not-found') },
  asked: {
    202: answer('Requested', { 'application/json': accepted }),
    ...refusals(...COMMON, ...WITH_BODY, 'job-not-found', 'job-ended'),
  },
  events: {
    200: answer('Server-sent events: progress, then end', { 'text/event-stream': z.string() }),
    204: z.undefined().describe('Last-Event-ID says that all was seen'),
    ...refusals(...COMMON, 'job-not-found', 'too-many-streams'),
  },
  file: {
    200: answer('The ZIP', { 'application/zip': binary }, ZIP),
    206: answer('A part of it', { 'application/zip': binary }, { ...ZIP, ...CONTENT_RANGE }),
    ...refusals(
      ...COMMON,
      ...ZIP_ENDS,
      'job-cancelled',
      'gone',
      'job-not-found',
      'no-such-resource',
      'job-running',
      'range-not-satisfiable',
    ),
  },
  reports: {
    200: answer('The reports', { 'application/json': reports, 'text/plain': z.string() }),
    ...refusals(...COMMON, 'job-not-found', 'no-report', 'job-running'),
  },
  alive: { 200: answer('It does', { 'application/json': z.object({ status: z.literal('ok') }) }) },
  ready: {
    200: answer('They do', { 'application/json': readiness }),
    503: answer('Not all of them do', { 'application/json': readiness }, RETRY_AFTER),
  },
};
