/** From the words of a command line to the argument of the workflow `bulkZip`. */
import { parseS3Path } from '../core/s3-url.js';
import type { Compression, OnError } from '../core/zip-contract.js';
import type { ZipRequest } from './job.js';
import { Problem } from './problem.js';

export interface ZipOptions {
  readonly prefix: string;
  readonly output: string;
  readonly onError?: OnError;
  readonly compression?: Compression;
}

/** The request, or a usage problem that says what is wrong before anything is started. */
export function zipRequest({ prefix, output, onError, compression }: ZipOptions): ZipRequest {
  checkUri('--prefix', prefix, 's3://bucket/folder/');
  checkUri('--output', output, 's3://bucket/folder/name.zip');
  if (output.endsWith('/') || !parseS3Path(output)?.prefix)
    throw new Problem('usage', `--output: expected the name of a ZIP file, found the folder ${output}`);
  return {
    prefix,
    output,
    ...(onError === undefined ? {} : { on_error: onError }),
    ...(compression === undefined ? {} : { compression }),
  };
}

function checkUri(option: string, uri: string, example: string): void {
  if (uri.startsWith('s3://') && parseS3Path(uri) !== null) return;
  throw new Problem(
    'usage',
    `${option}: expected an address such as ${example}, found ${JSON.stringify(uri)}`,
  );
}

/** What Temporal's Web UI shows beside the job: counts, no names. */
export function summaryOfZip(request: ZipRequest): string {
  if (!('attachments' in request)) return 'ZIP of a prefix';
  const count = request.attachments.attachment_ids.length;
  return `ZIP of ${count} attachment${count === 1 ? '' : 's'}`;
}
