import { normaliseEtag } from '../../core/etag.js';
import { StoreProblem, type ObjectAddress, type PinnedObject } from '../ports.js';
import { brokenAnswer, type Asked } from './s3-problems.js';

export interface RangeRequest {
  readonly object: PinnedObject;
  readonly start: number;
  readonly end: number;
  readonly signal: AbortSignal;
}

/** What an answer's head says about its body; undefined where it says nothing. */
export interface RangeAnswer {
  readonly status: number | undefined;
  readonly etag: string | undefined;
  readonly contentRange: string | undefined;
  readonly contentLength: number | undefined;
}

export const s3Uri = ({ bucket, key }: ObjectAddress): string => `s3://${bucket}/${key}`;

export const wantedRange = ({ object, start, end }: RangeRequest): string =>
  `${s3Uri(object)} bytes ${start}-${end - 1}`;

/** `If-Match` as S3 wants it: quoted. */
export const quotedEtag = (etag: string): string => (etag.includes('"') ? etag : `"${etag}"`);

export const rangeHeader = ({ start, end }: RangeRequest): string => `bytes=${start}-${end - 1}`;

/**
 * Throws unless the body that follows is exactly the range of the pinned object. Proxies and S3 look-alikes are known to
 * ignore Range or If-Match; believing them would put right bytes at the wrong place.
 */
export function checkRangeAnswer(request: RangeRequest, answer: RangeAnswer, asked: Asked): void {
  const { start, end, object } = request;
  if (answer.etag === undefined) throw brokenAnswer(asked, 'the answer has no ETag');
  if (normaliseEtag(answer.etag) !== normaliseEtag(object.etag)) {
    throw new StoreProblem(
      'changed',
      `${asked.wanted}: wanted ETag ${object.etag}, found ${answer.etag} (from ${asked.endpoint})`,
    );
  }
  const length = answer.contentLength;
  if (length !== undefined && length !== end - start)
    throw brokenAnswer(asked, `wanted ${end - start} bytes, found Content-Length ${length}`);
  if (answer.status === 206) return checkContentRange(request, answer.contentRange, asked);
  // Without Range support a whole object is still right, if it is known to be whole.
  if (answer.status === 200 && start === 0 && length === end) return;
  throw brokenAnswer(asked, `wanted HTTP 206, found HTTP ${answer.status}`);
}

function checkContentRange({ start, end }: RangeRequest, found: string | undefined, asked: Asked): void {
  const match = /^bytes (\d+)-(\d+)\/(?:\d+|\*)$/.exec(found ?? '');
  if (Number(match?.[1]) === start && Number(match?.[2]) === end - 1) return;
  throw brokenAnswer(asked, `wanted bytes ${start}-${end - 1}, found Content-Range ${found ?? 'absent'}`);
}
