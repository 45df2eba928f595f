/** Every shape that crosses the HTTP border, once: requests are checked by them, and OpenAPI is written from them. */
import { z } from 'zod';
import { restoreObject } from '../../core/input.js';
import type { ProblemCode } from './problems.js';
import { PROBLEMS, problemType } from './problems.js';

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
export const restoreBody = z
  .preprocess(
    (body) => (typeof body === 'string' ? { raw_file_ids: body } : body),
    restoreObject.meta({ examples: [{ raw_file_ids: ['20250115_sample'] }] }),
  )
  .meta({ type: ['string', 'object'], minLength: 3 });

/** Headers of what starts a job. */
export const startHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, { error: 'expected 1 to 255 visible ASCII characters' })
    .optional()
    .describe('The same key and body always mean the same job'),
  prefer: z.string().optional().describe('respond-async; wait=<seconds>'),
});

/** Headers of a download. */
export const rangeHeaders = z.object({
  range: z.string().optional().describe('One range of bytes'),
  'if-range': z.string().optional().describe('The ETag that a broken download began with'),
});

/** Headers of an event stream. */
export const eventHeaders = z.object({
  'last-event-id': z.string().optional().describe('What a browser that comes back has seen'),
});

export const readiness = z.object({
  status: z.enum(['ready', 'not ready']),
  checks: z.record(z.string(), z.enum(['ok', 'failed'])),
});

const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

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

export const refusal = z
  .object({
    type: z.enum(PROBLEM_CODES.map(problemType)),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional().describe('The id of the request, as in X-Request-ID'),
    errors: z
      .array(z.object({ in: z.string(), pointer: z.string(), detail: z.string() }))
      .optional()
      .describe('Each mistake in the request, and where it is'),
    limit_bytes: z.int().optional().describe('What all files may have together, where they are more'),
    actual_bytes: z.int().optional().describe('What they have together'),
  })
  .meta({ id: 'Problem' });

export const job = z
  .object({
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
  })
  .meta({ id: 'Job' });

export type JobDocument = z.output<typeof job>;

export const reports = z
  .object({ reports: z.array(z.object({ path: z.string(), text: z.string(), truncated: z.boolean() })) })
  .meta({ id: 'Reports' });

export const accepted = z
  .object({
    id: z.string(),
    status: z.literal('running'),
    requested: z.enum(['start', 'cancel', 'pause', 'resume']),
  })
  .meta({ id: 'Accepted' });
