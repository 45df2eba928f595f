/** UTF-8 by hand: core runs in Temporal's sandbox and in Node, and has the encoder of neither. */
import { utf8Bytes } from './paths.js';

const REPLACEMENT = 0xfffd;

/** The bytes of a text. A lone surrogate, which UTF-8 cannot hold, becomes U+FFFD as everywhere. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Bytes(text));
  let at = 0;
  for (const char of text) at = putCodePoint(bytes, at, char.codePointAt(0) ?? REPLACEMENT);
  return bytes;
}

const isSurrogate = (codePoint: number): boolean => codePoint >= 0xd800 && codePoint <= 0xdfff;

/** @returns where the next one goes. */
function putCodePoint(bytes: Uint8Array, at: number, codePoint: number): number {
  const encoded = sequence(isSurrogate(codePoint) ? REPLACEMENT : codePoint);
  bytes.set(encoded, at);
  return at + encoded.length;
}

/** RFC 3629 §3. */
function sequence(codePoint: number): readonly number[] {
  const tail = (shift: number): number => 0x80 | ((codePoint >> shift) & 0x3f);
  if (codePoint < 0x80) return [codePoint];
  if (codePoint < 0x800) return [0xc0 | (codePoint >> 6), tail(0)];
  if (codePoint < 0x10000) return [0xe0 | (codePoint >> 12), tail(6), tail(0)];
  return [0xf0 | (codePoint >> 18), tail(12), tail(6), tail(0)];
}
