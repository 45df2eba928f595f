import { describe, expect, test } from '@jest/globals';
import { parseRestoreInput, splitIds } from '../../core/input.js';

const IDS =
  'expected raw file ids as a text such as "20250115_sample, 20250116_sample" or a list of texts, at least 3 characters in all';

const accepted = (...args: readonly unknown[]) => {
  const parsed = parseRestoreInput(args);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
};
const refusal = (...args: readonly unknown[]): string => {
  const parsed = parseRestoreInput(args);
  if (parsed.ok) throw new Error(`accepted: ${JSON.stringify(parsed.value)}`);
  return parsed.message;
};

describe('the input of a restore', () => {
  test('may be a text of raw file ids', () => {
    expect(accepted('20250115_sample, 20250116_sample')).toEqual({
      rawFileIds: ['20250115_sample', '20250116_sample'],
      files: [],
      dryRun: false,
      verifyOnly: false,
    });
  });

  test('may be an object with all its properties', () => {
    const input = { raw_file_ids: ['abc', 'def'], files: ['*.raw'], dry_run: true, verify_only: true };
    expect(accepted(input)).toEqual({
      rawFileIds: ['abc', 'def'],
      files: ['*.raw'],
      dryRun: true,
      verifyOnly: true,
    });
  });

  test('may be an object whose ids are one text', () => {
    expect(accepted({ raw_file_ids: 'abc,def' }).rawFileIds).toEqual(['abc', 'def']);
  });

  test.each([
    ['abc', true],
    ['a,b', true],
    ['ab', false],
    [' ab ', false],
    ['/long/path/ab', false],
  ])('has at least 3 characters in all: %j is enough: %s', (text, enough) => {
    expect(parseRestoreInput([text]).ok).toBe(enough);
    expect(parseRestoreInput([{ raw_file_ids: [text] }]).ok).toBe(enough);
  });

  test.each<[string, readonly unknown[], string]>([
    ['nothing at all', [], `raw_file_ids: ${IDS}; found no input`],
    ['null', [null], `raw_file_ids: ${IDS}; found no input`],
    ['an empty text', [''], `raw_file_ids: ${IDS}; found ""`],
    ['only commas', [' , ,'], `raw_file_ids: ${IDS}; found ""`],
    ['an empty list', [{ raw_file_ids: [] }], `raw_file_ids: ${IDS}; found ""`],
    [
      'a number',
      [42],
      'input: expected a text of raw file ids or an object { "raw_file_ids": … }; found a number',
    ],
    [
      'true',
      [true],
      'input: expected a text of raw file ids or an object { "raw_file_ids": … }; found a boolean',
    ],
    [
      'a list',
      [['abc']],
      'input: expected a text of raw file ids or an object { "raw_file_ids": … }; found a list',
    ],
    ['two arguments', ['abc', 'def'], 'expected one argument, found 2; put all ids into one text or object'],
    ['an object without ids', [{}], `raw_file_ids: ${IDS}`],
    ['ids that are a number', [{ raw_file_ids: 42 }], `raw_file_ids: ${IDS}`],
    ['an id that is a number', [{ raw_file_ids: ['abc', 42] }], `raw_file_ids: ${IDS}`],
    ['ids that are null', [{ raw_file_ids: null }], `raw_file_ids: ${IDS}`],
    [
      'files that are a text',
      [{ raw_file_ids: 'abc', files: '*.raw' }],
      'files: expected a list of globs such as ["*.raw"]',
    ],
    [
      'an empty glob',
      [{ raw_file_ids: 'abc', files: ['*', ''] }],
      'files.1: expected a glob such as "*.raw"',
    ],
    ['dry_run as a text', [{ raw_file_ids: 'abc', dry_run: 'yes' }], 'dry_run: expected true or false'],
    [
      'verify_only as null',
      [{ raw_file_ids: 'abc', verify_only: null }],
      'verify_only: expected true or false',
    ],
    [
      'an unknown property',
      [{ raw_file_ids: 'abc', dryrun: true }],
      'dryrun: unknown property; expected only raw_file_ids, files, dry_run, verify_only',
    ],
    [
      'the ids under another name',
      [{ rawFileIds: 'abc' }],
      `raw_file_ids: ${IDS}; rawFileIds: unknown property; expected only raw_file_ids, files, dry_run, verify_only`,
    ],
  ])('is refused with the field and what is expected: %s', (_, args, message) => {
    expect(refusal(...args)).toBe(message);
  });

  test('names every mistake at once', () => {
    const message = refusal({ raw_file_ids: 'abc', dry_run: 1, verify_only: 0 });
    expect(message).toBe('dry_run: expected true or false; verify_only: expected true or false');
  });
});

describe('raw file ids', () => {
  test.each<[string, string | readonly string[], readonly string[]]>([
    ['are split on commas', 'a1,b2', ['a1', 'b2']],
    ['are split on line breaks of every system', 'a1\nb2\r\nc3\rd4', ['a1', 'b2', 'c3', 'd4']],
    ['are trimmed', '  a1 ,\tb2\t', ['a1', 'b2']],
    ['lose empty ones', ',a1,,\n,b2,', ['a1', 'b2']],
    ['lose duplicates and keep the first place', 'b2,a1,b2,c3,a1', ['b2', 'a1', 'c3']],
    ['keep blanks inside', 'a 1,b 2', ['a 1', 'b 2']],
    ['that are paths count as their last component', '/fs/pool/PRID001/a1.raw,x/b2/', ['a1.raw', 'b2']],
    ['that are the same by another path are duplicates', '/x/a1,/y/a1', ['a1']],
    ['in a list are split as well', ['a1,b2', 'c3\nd4'], ['a1', 'b2', 'c3', 'd4']],
    ['that are only slashes are none', '/,//', []],
  ])('%s', (_, text, ids) => {
    expect(splitIds(text)).toEqual(ids);
  });
});
