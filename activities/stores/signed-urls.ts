import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ObjectAddress } from '../ports.js';

/** Long enough for clocks that differ, and for a request that waits for a socket. */
const VALID_FOR_S = 3600;
/** Temporary credentials are refreshed five minutes before they end: a URL never outlives them by much. */
const REUSED_FOR_MS = 4 * 60_000;
const KEPT_URLS = 64;

export interface SignedUrls {
  /** A URL for GETs of this object, whatever their range; `fresh` makes a new one. */
  urlOf(object: ObjectAddress, fresh: boolean): Promise<{ readonly url: string; readonly reused: boolean }>;
}

/**
 * Signs by the SDK, which knows endpoint, region and credentials; Range and If-Match are not part of the signature, so one
 * URL serves all ranges of an object. A large file asks for its URL hundreds of times, hence the small cache.
 */
export function createSignedUrls(client: S3Client): SignedUrls {
  const kept = new Map<string, { readonly url: Promise<string>; readonly madeAtMs: number }>();
  const sign = (object: ObjectAddress): Promise<string> =>
    getSignedUrl(client, new GetObjectCommand({ Bucket: object.bucket, Key: object.key }), {
      expiresIn: VALID_FOR_S,
    });
  return {
    urlOf: async (object, fresh) => {
      const name = `${object.bucket}/${object.key}`;
      const known = kept.get(name);
      if (!fresh && known !== undefined && Date.now() - known.madeAtMs < REUSED_FOR_MS)
        return { url: await known.url, reused: true };
      const url = sign(object);
      kept.delete(name);
      kept.set(name, { url, madeAtMs: Date.now() });
      if (kept.size > KEPT_URLS) kept.delete(kept.keys().next().value ?? '');
      url.catch(() => kept.delete(name));
      return { url: await url, reused: false };
    },
  };
}
