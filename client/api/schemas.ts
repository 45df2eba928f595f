/** Every shape that crosses the HTTP border, once: requests are checked by them, and OpenAPI is written from them. */
import { z } from 'zod';
import { restoreObject } from '../../core/input.js';

const uuid = z.guid({ error: 'expected a UUID' }).toLowerCase();

/** The address of a client. */
export const clientParams = z.object({ client_id: uuid.describe('UUID of the client') });

/** The address of a job. */
export const jobParams = z.object({ id: z.string().describe('Id of the job, from Location') });

/** The body of a bulk download; an id that is named twice counts once. */
export const downloadBody = (maxFiles: number) =>
  z
    .strictObject({
      attachment_ids: z
        .array(uuid, { error: 'expected a list of UUIDs' })
        .min(1, { error: 'expected at least one id' })
        .overwrite((ids) => [...new Set(ids)])
        .refine((ids) => ids.length <= maxFiles, { error: `expected at most ${maxFiles} ids` })
        .describe(`1 to ${maxFiles} attachments, in the order they shall have in the ZIP`),
    })
    .meta({ examples: [{ attachment_ids: ['123e4567-e89b-12d3-a456-426614174000'] }] });

/** The body of a restore: the workflow's own input, a text of ids or an object. */
export const restoreBody = z.preprocess(
  (body) => (typeof body === 'string' ? { raw_file_ids: body } : body),
  restoreObject.meta({ examples: [{ raw_file_ids: ['20250115_sample'] }] }),
);

/** Headers of what starts a job. */
export const startHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, { error: 'expected 1 to 255 visible ASCII characters' })
    .optional()
    .describe('The same key and body always mean the same job'),
  prefer: z.string().optional().describe('respond-async; wait=<seconds>'),
});

const progress = z
  .object({
    phase: z.string(),
    files_total: z.int(),
    files_done: z.int(),
    files_failed: z.int(),
    bytes_total: z.number(),
    bytes_done: z.number(),
    rate_bytes_per_s: z.number(),
    eta_s: z.number().nullable(),
  })
  .loose();

const refusal = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().optional().describe('The id of the request, as in X-Request-ID'),
  errors: z.array(z.object({ in: z.string(), pointer: z.string(), detail: z.string() })).optional(),
  limit_bytes: z.int().optional().describe('What all files may have together, where they are more'),
  actual_bytes: z.int().optional().describe('What they have together'),
});

const job = z.object({
  id: z.string(),
  type: z.enum(['zip', 'restore']),
  status: z.enum(['running', 'completed', 'failed', 'cancelled']),
  started_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  progress: progress.nullable(),
  result: z.record(z.string(), z.unknown()).nullable(),
  error: refusal
    .nullable()
    .describe('Why it failed, as a request that had waited for it would have been told'),
  download: z.string().nullable().describe('Where the finished ZIP is, until it expires'),
  expires_at: z.iso.datetime().nullable(),
});

export type JobDocument = z.output<typeof job>;

const reports = z.object({
  reports: z.array(z.object({ path: z.string(), text: z.string(), truncated: z.boolean() })),
});

const accepted = z.object({
  id: z.string(),
  status: z.literal('running'),
  requested: z.enum(['start', 'cancel', 'pause', 'resume']),
});

const binary = z.string().meta({ format: 'binary' });

const answer = (description: string, type: string, schema: z.ZodType) => ({
  description,
  content: { [type]: { schema } },
});

const refusals = (...codes: readonly number[]) =>
  Object.fromEntries(codes.map((code) => [code, answer('Refused', 'application/problem+json', refusal)]));

/** What each route answers with. */
export const answers = {
  download: {
    200: answer('The ZIP', 'application/zip', binary),
    202: answer('Started; look at Location', 'application/json', accepted),
    ...refusals(400, 401, 403, 404, 406, 413, 415, 422, 429, 500, 503),
  },
  started: {
    202: answer('Started; look at Location', 'application/json', accepted),
    ...refusals(400, 401, 403, 406, 415, 422, 429, 503),
  },
  job: { 200: answer('The job', 'application/json', job), ...refusals(401, 403, 404, 429, 503) },
  asked: {
    202: answer('Requested', 'application/json', accepted),
    ...refusals(401, 403, 404, 409, 429, 503),
  },
  events: {
    200: answer('Server-sent events: progress, then end', 'text/event-stream', z.string()),
    204: answer('Last-Event-ID says that all was seen', 'text/event-stream', z.undefined()),
    ...refusals(401, 403, 404, 406, 429, 503),
  },
  file: {
    200: answer('The ZIP', 'application/zip', binary),
    206: answer('A part of it', 'application/zip', binary),
    ...refusals(401, 403, 404, 409, 410, 416, 429, 500, 503),
  },
  reports: {
    200: answer('The reports', 'application/json', reports),
    ...refusals(401, 403, 404, 406, 409, 429, 503),
  },
};
