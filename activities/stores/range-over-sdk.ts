import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { exactBody } from './exact-body.js';
import { checkRangeAnswer, quotedEtag, rangeHeader, wantedRange, type RangeRequest } from './range-answer.js';
import { problemOfSdkError } from './sdk-errors.js';

export interface SdkRangeOptions {
  readonly client: S3Client;
  readonly endpoint: string;
  readonly stallTimeoutMs: number;
}

/**
 * A range by the SDK's GetObject: the fallback of the http engine, and what tests compare it with. Its socketTimeout does not
 * know a reader that takes its time from a silent server: the body then breaks as well, and is fetched on.
 */
export async function readRangeOverSdk(request: RangeRequest, options: SdkRangeOptions): Promise<Readable> {
  const { object, start, end, signal } = request;
  const asked = { wanted: wantedRange(request), endpoint: options.endpoint };
  signal.throwIfAborted();
  try {
    const address = { Bucket: object.bucket, Key: object.key };
    const command = new GetObjectCommand({
      ...address,
      IfMatch: quotedEtag(object.etag),
      Range: rangeHeader(request),
    });
    const output = await options.client.send(command, { abortSignal: signal });
    const source = output.Body as Readable;
    const head = { status: output.$metadata.httpStatusCode, etag: output.ETag };
    const lengths = { contentRange: output.ContentRange, contentLength: output.ContentLength };
    destroyUnless(source, () => checkRangeAnswer(request, { ...head, ...lengths }, asked));
    return exactBody(source, { asked, bytes: end - start, stallTimeoutMs: options.stallTimeoutMs, signal });
  } catch (error) {
    throw problemOfSdkError(error, asked, signal);
  }
}

/** A body that nobody will read keeps its socket until it is destroyed. */
export function destroyUnless(source: Readable, check: () => void): void {
  try {
    check();
  } catch (error) {
    source.on('error', () => {}).destroy();
    throw error;
  }
}
