import type { Readable } from 'node:stream';
import { exactBody } from './exact-body.js';
import { checkRangeAnswer, quotedEtag, rangeHeader, wantedRange, type RangeRequest } from './range-answer.js';
import { destroyUnless } from './range-over-sdk.js';
import { sendSigned, type HttpEngine } from './signed-request.js';

/** A range over node:http: per byte about 1.6 times as fast as the SDK (PERFORMANCE.md §2), and with fewer surprises. */
export async function readRangeOverHttp(request: RangeRequest, engine: HttpEngine): Promise<Readable> {
  const { object, start, end, signal } = request;
  const asked = { wanted: wantedRange(request), endpoint: engine.endpoint };
  const pinned = { 'if-match': quotedEtag(object.etag), range: rangeHeader(request) };
  const response = await sendSigned({ method: 'GET', object, headers: pinned, asked, signal }, engine);
  const { headers } = response;
  const length = headers['content-length'];
  const answer = {
    status: response.statusCode,
    etag: headers.etag,
    contentRange: headers['content-range'],
    contentLength: length === undefined ? undefined : Number(length),
  };
  destroyUnless(response, () => checkRangeAnswer(request, answer, asked));
  return exactBody(response, { asked, bytes: end - start, stallTimeoutMs: engine.stallTimeoutMs, signal });
}
