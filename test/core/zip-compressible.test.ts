import { describe, expect, test } from '@jest/globals';
import { isCompressed, methodFor } from '../../core/zip-compressible.js';

describe('what is compressed already', () => {
  test.each<[string, string | null, boolean]>([
    ['scan.PDF', null, true],
    ['photo.jpg', null, true],
    ['archive.tar.gz', null, true],
    ['dir.zip/notes.txt', null, false],
    ['report.docx', null, true],
    ['sample.raw', null, false],
    ['README', null, false],
    ['blob', 'image/jpeg', true],
    ['blob', 'Application/PDF; charset=binary', true],
    ['blob', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', true],
    ['blob', 'image/svg+xml', false],
    ['blob', 'audio/wav', false],
    ['blob', 'text/plain', false],
    ['blob', 'application/octet-stream', false],
  ])('%s of type %s: %s', (name, type, compressed) => expect(isCompressed(name, type)).toBe(compressed));

  test.each([
    ['deflate', 'a.txt', 1, 'deflate'],
    ['deflate', 'a.txt', 0, 'store'],
    ['deflate', 'a.zip', 1, 'store'],
    ['store', 'a.txt', 1, 'store'],
  ] as const)('a job for %s writes %s of %d bytes by %s', (wanted, name, sizeBytes, method) => {
    expect(methodFor(wanted, { name, contentType: null, sizeBytes })).toBe(method);
  });
});
