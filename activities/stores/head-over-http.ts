import type { IncomingHttpHeaders } from 'node:http';
import type { ObjectAddress, ObjectHead } from '../ports.js';
import { reasonBehindMissing } from './missing-reason.js';
import { objectHead, type HeadFields } from './object-head.js';
import { s3Uri } from './range-answer.js';
import { sendSigned, type HttpEngine } from './signed-request.js';

/** HEAD of an object over node:http: half of the SDK's CPU time, which counts where files are small. Not retried. */
export async function headOverHttp(
  object: ObjectAddress,
  engine: HttpEngine,
  signal: AbortSignal,
): Promise<ObjectHead> {
  const asked = { wanted: s3Uri(object), endpoint: engine.endpoint };
  const request = { method: 'HEAD', object, headers: {}, asked, signal } as const;
  try {
    const response = await sendSigned(request, engine);
    response.resume();
    return objectHead(fieldsOf(response.headers), asked);
  } catch (error) {
    const firstByte = { ...request, method: 'GET', headers: { range: 'bytes=0-0' } } as const;
    throw await reasonBehindMissing(error, () => sendSigned(firstByte, engine));
  }
}

function fieldsOf(headers: IncomingHttpHeaders): HeadFields {
  const amz = (name: string): string | undefined => headers[`x-amz-${name}`]?.toString();
  return {
    ETag: headers.etag,
    ContentLength: headers['content-length'] === undefined ? undefined : Number(headers['content-length']),
    VersionId: amz('version-id'),
    ServerSideEncryption: amz('server-side-encryption'),
    SSECustomerAlgorithm: amz('server-side-encryption-customer-algorithm'),
    StorageClass: amz('storage-class'),
    ArchiveStatus: amz('archive-status'),
    Restore: amz('restore'),
  };
}
