/** Whatever goes wrong, as problem+json: nothing of its cause but what the catalogue says leaves the process. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../problem.js';
import type { ProblemKind } from '../problem.js';
import type { FieldError, ProblemCode } from './problems.js';
import { HttpProblem, PROBLEMS, problem, problemDocument, problemHeaders } from './problems.js';

/** Writes a refusal. */
export function sendProblem(
  { refusal }: HttpProblem,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  return reply
    .code(PROBLEMS[refusal.code].status)
    .headers(problemHeaders(refusal))
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(problemDocument(refusal, request.id));
}

/** For `setErrorHandler`. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const found = asHttpProblem(error);
  if (found.statusCode >= 500)
    request.log.error(
      { request_id: request.id, problem: found.refusal.code, cause: causeOf(error) },
      'failed',
    );
  return sendProblem(found, request, reply);
}

/** What operators need to find the place; messages may hold what people wrote, so that only ours are taken along. */
function causeOf(error: unknown): string {
  const cause = error instanceof HttpProblem ? error.cause : error;
  if (cause instanceof Problem) return `${cause.kind}: ${cause.message}`;
  if (!(cause instanceof Error)) return typeof cause;
  const frames = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [cause.name, ...frames.slice(0, 8)].join('\n');
}

/** Any error as a refusal of the catalogue. */
export function asHttpProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof Problem) return ofProblem(error);
  if (!(error instanceof Error)) return problem('internal');
  const { validation, validationContext, code, statusCode } = error as Partial<FastifyError>;
  if (validation !== undefined)
    return problem('invalid', { errors: fieldErrors(validation, validationContext ?? 'body') });
  return ofFastify(error, code, statusCode);
}

const OF_KIND: Readonly<Record<ProblemKind, ProblemCode>> = {
  usage: 'invalid',
  // Nobody but startOnce meets it, and it looks again.
  'already-running': 'unavailable',
  'not-found': 'job-not-found',
  // Temporal refuses this API, not the caller: an operator has to mend it.
  denied: 'unavailable',
  unreachable: 'unavailable',
  'no-worker': 'unavailable',
  internal: 'internal',
};

const ofProblem = (cause: Problem): HttpProblem => new HttpProblem({ code: OF_KIND[cause.kind] }, cause);

const OF_FASTIFY: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_JSON_BODY: 'broken-json',
};

function ofFastify(error: Error, code: string | undefined, statusCode: number | undefined): HttpProblem {
  const known = OF_FASTIFY[code ?? ''];
  if (known !== undefined) return problem(known);
  if (error instanceof SyntaxError && statusCode === 400) return problem('broken-json');
  return new HttpProblem({ code: (statusCode ?? 500) < 500 ? 'bad-request' : 'internal' }, error);
}

const PLACES: Readonly<Record<string, FieldError['in']>> = {
  params: 'path',
  headers: 'header',
  querystring: 'query',
};

function fieldErrors(
  issues: NonNullable<FastifyError['validation']>,
  context: string,
): readonly FieldError[] {
  const place = PLACES[context] ?? 'body';
  return issues.flatMap(({ instancePath, params, message = 'not valid' }) => {
    const base = instancePath === '/' ? '' : instancePath;
    const { keys } = params as { readonly keys?: readonly string[] };
    // An unknown property is named by the issue of the object that holds it.
    if (keys !== undefined)
      return keys.map((key) => ({
        in: place,
        pointer: `#${base}/${escapePointer(key)}`,
        detail: 'unknown property',
      }));
    return [{ in: place, pointer: `#${base}`, detail: message }];
  });
}

/** RFC 6901 §3, then as a part of a URI. */
const escapePointer = (key: string): string =>
  encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
