import { describe, expect, test } from '@jest/globals';
import { parseZipInput } from '../../core/zip-input.js';

const WORKSPACE = '550e8400-e29b-41d4-a716-446655440000';
const CLIENT = '123e4567-e89b-12d3-a456-426614174000';
const ID = '123e4567-e89b-12d3-a456-42661417400';
const ids = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `123e4567-e89b-12d3-a456-${String(at).padStart(12, '0')}`);

const attachments = {
  workspace_id: WORKSPACE,
  client_id: CLIENT,
  attachment_ids: [`${ID}1`, `${ID}2`],
  requested_by: 'user-7',
};
const objects = {
  objects: [{ uri: 's3://b-1/dir/a b.bin', name: 'x/y.bin' }],
  output: 's3://b-2/zips/z.zip',
};
const prefix = { prefix: 's3://b-1/dir/', output: 's3://b-2/z.zip' };

const accepted = (input: unknown) => {
  const parsed = parseZipInput([input]);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
};
const refusal = (...args: readonly unknown[]): string => {
  const parsed = parseZipInput(args);
  if (parsed.ok) throw new Error(`accepted: ${JSON.stringify(parsed.value)}`);
  return parsed.message;
};

describe('the input of a bulk ZIP', () => {
  test('may be attachments: fails on errors and stores, unless told otherwise', () => {
    expect(accepted({ attachments })).toEqual({
      kind: 'attachments',
      workspaceId: WORKSPACE,
      clientId: CLIENT,
      attachmentIds: [`${ID}1`, `${ID}2`],
      requestedBy: 'user-7',
      onError: 'fail',
      compression: 'store',
    });
    expect(accepted({ attachments, on_error: 'skip', compression: 'deflate' })).toMatchObject({
      onError: 'skip',
      compression: 'deflate',
    });
  });

  test('may be objects: skips errors, unless told otherwise', () => {
    expect(accepted(objects)).toEqual({
      kind: 'objects',
      objects: [{ bucket: 'b-1', key: 'dir/a b.bin', name: 'x/y.bin' }],
      output: { bucket: 'b-2', key: 'zips/z.zip' },
      onError: 'skip',
      compression: 'store',
    });
    expect(accepted({ ...objects, on_error: 'fail' })).toMatchObject({ onError: 'fail' });
  });

  test.each([
    ['s3://b-1/dir/', 'dir/'],
    ['s3://b-1/dir', 'dir/'],
    ['s3://b-1//a//', '/a//'],
    ['s3://b-1/', ''],
    ['s3://b-1', ''],
  ])('may be a prefix: %s', (uri, expected) => {
    expect(accepted({ ...prefix, prefix: uri })).toEqual({
      kind: 'prefix',
      bucket: 'b-1',
      prefix: expected,
      output: { bucket: 'b-2', key: 'z.zip' },
      onError: 'skip',
      compression: 'store',
    });
  });

  test('takes UUIDs in any case, once, in the order of the request', () => {
    const list = [`${ID}B`, `${ID}a`, `${ID}b`, `${ID}A`];
    expect(accepted({ attachments: { ...attachments, attachment_ids: list } })).toMatchObject({
      attachmentIds: [`${ID}b`, `${ID}a`],
    });
  });

  test('takes an object once under each name; without one it has the last component of its key', () => {
    const list = ['one', 'two', 'one', undefined].map((name) => ({
      uri: 's3://b-1/k/last',
      ...(name === undefined ? {} : { name }),
    }));
    const parsed = accepted({ ...objects, objects: list });
    expect(parsed.kind === 'objects' && parsed.objects.map(({ name }) => name)).toEqual([
      'one',
      'two',
      'last',
    ]);
  });

  test.each([
    [50, {}, true],
    [51, {}, false],
    [51, { maxAttachments: 51 }, true],
    [0, {}, false],
  ])('may have so many ids: %d with limits %j: %s', (count, limits, ok) => {
    const input = { attachments: { ...attachments, attachment_ids: ids(count) } };
    expect(parseZipInput([input], { maxAttachments: 50, maxObjects: 10, ...limits }).ok).toBe(ok);
  });

  const IDS = 'attachments.attachment_ids: expected a list of 1 to 50 UUIDs';
  const OUTPUT = 'output: expected where the ZIP goes as s3://bucket/path/name.zip';
  const ONE_OF = 'input: expected exactly one of attachments, objects, prefix';
  test.each<[string, readonly unknown[], string]>([
    ['nothing', [], 'expected one argument, found 0'],
    ['two arguments', [{}, {}], 'expected one argument, found 2'],
    ['null', [null], 'input: expected an object with one of attachments, objects, prefix'],
    ['a list', [[]], 'input: expected an object with one of attachments, objects, prefix'],
    ['no source', [{ output: 's3://b-2/z' }], `${ONE_OF}; found 0`],
    ['two sources', [{ attachments, ...objects }], `${ONE_OF}; found 2`],
    ['no ids', [{ attachments: { ...attachments, attachment_ids: undefined } }], IDS],
    ['an empty list', [{ attachments: { ...attachments, attachment_ids: [] } }], IDS],
    ['ids as a text', [{ attachments: { ...attachments, attachment_ids: `${ID}1` } }], IDS],
    [
      'an id that is none',
      [{ attachments: { ...attachments, attachment_ids: [`${ID}1`, 'Ruth Levi.pdf'] } }],
      'attachments.attachment_ids.1: expected a UUID',
    ],
    [
      'an id that is null',
      [{ attachments: { ...attachments, attachment_ids: [null] } }],
      'attachments.attachment_ids.0: expected a UUID',
    ],
    [
      'a client that is none',
      [{ attachments: { ...attachments, client_id: 7 } }],
      'attachments.client_id: expected a UUID',
    ],
    [
      'no user',
      [{ attachments: { ...attachments, requested_by: '' } }],
      "attachments.requested_by: expected the user's id, 1 to 200 characters",
    ],
    [
      'an unknown property',
      [{ attachments: { ...attachments, file_name: 'Ruth Levi.pdf' } }],
      'attachments: unknown property file_name; expected only workspace_id, client_id, attachment_ids, requested_by',
    ],
    [
      'an output for attachments',
      [{ attachments, output: 's3://b-2/z' }],
      'input: unknown property output; expected only attachments, on_error, compression',
    ],
    [
      'attachments that are null',
      [{ attachments: null }],
      'attachments: expected an object { workspace_id, client_id, attachment_ids, requested_by }',
    ],
    ['another on_error', [{ attachments, on_error: 'ignore' }], 'on_error: expected "fail" or "skip"'],
    [
      'another compression',
      [{ ...prefix, compression: 'zstd' }],
      'compression: expected "store" or "deflate"',
    ],
    ['no output', [{ objects: objects.objects }], OUTPUT],
    ['an output that is a folder', [{ ...objects, output: 's3://b-2/zips/' }], OUTPUT],
    ['an output without a key', [{ ...objects, output: 's3://b-2' }], OUTPUT],
    ['an output elsewhere', [{ ...objects, output: 'https://b-2/z.zip' }], OUTPUT],
    [
      'an output over an object',
      [{ ...objects, output: objects.objects[0]?.uri }],
      'output: expected another place than that of an object in the ZIP',
    ],
    [
      'an object without a key',
      [{ ...objects, objects: [{ uri: 's3://b-1/' }] }],
      'objects.0.uri: expected an object as s3://bucket/key',
    ],
    [
      'a key that is too long',
      [{ ...objects, objects: [{ uri: `s3://b-1/${'ä'.repeat(513)}` }] }],
      'objects.0.uri: expected an object as s3://bucket/key',
    ],
    [
      'an empty name',
      [{ ...objects, objects: [{ uri: 's3://b-1/k', name: '' }] }],
      'objects.0.name: expected a name in the ZIP, 1 to 1024 bytes',
    ],
    [
      'an object as a text',
      [{ ...objects, objects: ['s3://b-1/k'] }],
      'objects.0: expected an object { uri, name }',
    ],
    [
      'a prefix without a bucket',
      [{ ...prefix, prefix: 's3:///dir/' }],
      'prefix: expected a prefix as s3://bucket/prefix/',
    ],
  ])('is refused with the field and what is expected: %s', (_, args, message) => {
    expect(refusal(...args)).toBe(message);
  });

  test('names every mistake at once, but not thousands', () => {
    expect(refusal({ ...prefix, prefix: 1, on_error: 2 }).split('; ').length).toBe(2);
    const many = { attachments: { ...attachments, attachment_ids: Array(50).fill('x') } };
    expect(refusal(many).split('; ').length).toBe(10);
  });
});
