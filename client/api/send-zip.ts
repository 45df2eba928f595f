/** Streams a finished ZIP from S3: exact length, strong ETag, one range (RFC 9110 §13–14). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { create } from 'content-disposition';
import type { BulkZipResult } from '../../core/zip-contract.js';
import { Problem } from '../problem.js';
import type { ApiContext } from './context.js';
import { leavingOf } from './leaving.js';
import { keepPace } from './pace.js';
import type { ZipHead } from './ports.js';
import { HttpProblem, problem } from './problems.js';
import type { AskedRange } from './range.js';
import { askedRange } from './range.js';

export type ZipSource = Pick<ApiContext, 'zips' | 'downloads' | 'settings'>;

/**
 * Answers with the object, or with the part of it that is asked for; throws `gone` where it is no more.
 * A download that breaks can go on at `location`.
 */
export async function sendZip(
  { zips, downloads, settings }: ZipSource,
  { uri, file_name }: BulkZipResult,
  request: FastifyRequest,
  reply: FastifyReply,
  location: string,
): Promise<FastifyReply> {
  // S3's sockets are let go as soon as the client is.
  const leaving = leavingOf(reply);
  const isHead = request.method === 'HEAD';
  if (!isHead) downloads.take(request.principal, reply);
  const head = await zips.head(uri, leaving).catch(refuse);
  if (head === null) throw problem('gone');
  // RFC 9110 §14.2: a Range means something with GET alone.
  const asked = request.method === 'GET' ? askedRange(request.headers, head.etag, head.sizeBytes) : WHOLE;
  const span = spanOf(asked, head);
  const body = isHead ? null : await zips.read(uri, head.etag, span.start, span.end, leaving).catch(refuse);
  if (body !== null) keepPace(body, reply.raw, settings.pace);
  reply.headers({
    ...headersOf(head, span),
    'content-disposition': attachmentHeader(file_name),
    'content-location': location,
  });
  return reply.code(span.isPart ? 206 : 200).send(body);
}

const WHOLE: AskedRange = { kind: 'whole' };

/** The bytes `[start, end)` that go out. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly isPart: boolean;
}

function spanOf(asked: AskedRange, { sizeBytes }: ZipHead): Span {
  switch (asked.kind) {
    case 'whole':
      return { start: 0, end: sizeBytes, isPart: false };
    case 'part':
      return { start: asked.start, end: asked.end, isPart: true };
    case 'unsatisfiable':
      throw problem('range-not-satisfiable', { headers: { 'content-range': `bytes */${sizeBytes}` } });
  }
}

const headersOf = ({ etag, sizeBytes }: ZipHead, { start, end, isPart }: Span) => ({
  'content-type': 'application/zip',
  'content-length': end - start,
  'accept-ranges': 'bytes',
  ...(isPart ? { 'content-range': `bytes ${start}-${end - 1}/${sizeBytes}` } : {}),
  etag,
});

/** Quoted even where it need not be, as the original's frontend and CONTRACT §3 have it. */
const attachmentHeader = (fileName: string): string =>
  create(fileName).replace(/filename=([^";]+)$/, 'filename="$1"');

function refuse(error: unknown): never {
  const isAway = error instanceof Problem && error.kind === 'unreachable';
  throw new HttpProblem({ code: isAway ? 'unavailable' : 'storage' }, error);
}
