/**
 * ETag arithmetic. S3 gives an object uploaded in one piece the MD5 of its bytes, and one uploaded in parts
 * `md5(md5(part 1) ‖ md5(part 2) ‖ …)-N`. The catalogue keeps the digest with the part size that made it.
 */
import { MEBIBYTE } from './units.js';

/** An MD5 over raw bytes, as lower-case hex; handed in, because core has no crypto of its own. */
export type Md5 = (bytes: Uint8Array) => string;

export interface CatalogueEtag {
  readonly etag: string;
  readonly partSizeBytes: number;
}

const ETAG = /^[0-9a-f]{32}(?:-[1-9]\d*)?$/;

/** `<etag>__<chunk MB>` as the catalogue writes it, or the reason why it cannot be read. */
export function parseCatalogueEtag(text: string): CatalogueEtag | { readonly problem: string } {
  const cut = text.lastIndexOf('__');
  if (cut < 0) return { problem: `ETag without "__": ${quote(text)}` };
  const etag = normaliseEtag(text.slice(0, cut));
  const chunk = text.slice(cut + 2);
  if (!ETAG.test(etag)) return { problem: `ETag is not an MD5 with an optional part count: ${quote(text)}` };
  if (!/^\d{1,9}$/.test(chunk) || Number(chunk) === 0)
    return { problem: `chunk size is not a positive integer: ${quote(text)}` };
  return { etag, partSizeBytes: Number(chunk) * MEBIBYTE };
}

const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);

/** `"ABC-2"`, `W/"abc-2"` → `abc-2`. */
export const normaliseEtag = (etag: string): string =>
  etag.replace(/^W\//, '').replaceAll('"', '').toLowerCase();

/** The byte ranges `[start, end)` of an object's parts; an empty object has one empty part. */
export function partRanges(sizeBytes: number, partSizeBytes: number): readonly (readonly [number, number])[] {
  const count = Math.max(1, Math.ceil(sizeBytes / partSizeBytes));
  return Array.from({ length: count }, (_, part) => [
    part * partSizeBytes,
    Math.min(sizeBytes, (part + 1) * partSizeBytes),
  ]);
}

/** The ETag of an object from the MD5s of its parts (hex, in order): one part → that MD5, more → `md5(…)-N`. */
export function etagOfParts(partMd5s: readonly string[], md5: Md5): string {
  const [first] = partMd5s;
  if (partMd5s.length === 1 && first !== undefined) return first;
  return `${md5(bytesOfHex(partMd5s.join('')))}-${partMd5s.length}`;
}

/**
 * Whether two ETags can describe the same bytes. A file of exactly one part is `md5` when it was put in one
 * request and `md5(md5)-1` when it was a multipart upload of one part: both count as equal (CONTRACT §1).
 */
export const etagsMatch = (one: string, other: string, md5: Md5): boolean =>
  onePartForm(normaliseEtag(one), md5) === onePartForm(normaliseEtag(other), md5);

const onePartForm = (etag: string, md5: Md5): string =>
  /^[0-9a-f]{32}$/.test(etag) ? `${md5(bytesOfHex(etag))}-1` : etag;

const bytesOfHex = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16));

/** The MD5 of no bytes, and so the ETag of every empty object. */
export const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
