import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeUtf8 } from '../../core/utf8.js';

test('a text has the bytes that TextEncoder gives it, lone surrogates included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '\ud800', '\udc00x'), (text, odd) => {
      expect([...encodeUtf8(text + odd)]).toEqual([...new TextEncoder().encode(text + odd)]);
    }),
  );
});
