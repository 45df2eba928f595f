/**
 * UTF-8 by hand: core runs in Temporal's sandbox and in Node, and has the encoder of neither. Without an object for each
 * character: a manifest has millions of them.
 */
import { utf8Bytes } from './paths.js';

const REPLACEMENT = 0xfffd;

/** The bytes of a text. A lone surrogate, which UTF-8 cannot hold, becomes U+FFFD as everywhere. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Bytes(text));
  let at = 0;
  for (let from = 0; from < text.length; from += 1) {
    const unit = text.charCodeAt(from);
    if (unit < 0x80) {
      bytes[at] = unit;
      at += 1;
      continue;
    }
    const codePoint = text.codePointAt(from) ?? REPLACEMENT;
    if (codePoint > 0xffff) from += 1;
    at = putSequence(bytes, at, isSurrogate(codePoint) ? REPLACEMENT : codePoint);
  }
  return bytes;
}

const isSurrogate = (codePoint: number): boolean => codePoint >= 0xd800 && codePoint <= 0xdfff;

/** The first byte's mark, by how many bytes follow. */
const LEADS = [0, 0xc0, 0xe0, 0xf0];

/** RFC 3629 §3, of two bytes and more. @returns where the next one goes. */
function putSequence(bytes: Uint8Array, at: number, codePoint: number): number {
  const further = codePoint < 0x800 ? 1 : codePoint < 0x10000 ? 2 : 3;
  bytes[at] = (LEADS[further] ?? 0) | (codePoint >> (6 * further));
  for (let byte = 1; byte <= further; byte += 1)
    bytes[at + byte] = 0x80 | ((codePoint >> (6 * (further - byte))) & 0x3f);
  return at + further + 1;
}
