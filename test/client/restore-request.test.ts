import { describe, expect, test } from '@jest/globals';
import { collectIds, newWorkflowId, restoreRequest, summaryOf } from '../../client/restore-request.js';

const noStdin = async (): Promise<string> => {
  throw new Error('standard input was read');
};

describe('raw file ids', () => {
  test('come as arguments and comma lists, each once, in order', async () => {
    expect(await collectIds(['b, a', 'c', '/some/path/a', ''], noStdin)).toEqual(['b', 'a', 'c']);
  });

  test('come from standard input where - stands, line by line', async () => {
    expect(await collectIds(['first', '-', 'last'], async () => 'x\r\ny,z\n\nfirst\n')).toEqual([
      'first',
      'x',
      'y',
      'z',
      'last',
    ]);
  });
});

describe('the request', () => {
  test('has only the keys that were asked for', () => {
    expect(restoreRequest(['abc'], {})).toEqual({ raw_file_ids: ['abc'] });
    expect(restoreRequest(['abc'], { files: ['*.raw', 'a'], dryRun: true, verifyOnly: true })).toEqual({
      raw_file_ids: ['abc'],
      files: ['*.raw', 'a'],
      dry_run: true,
      verify_only: true,
    });
  });

  test.each([[[]], [['ab']]])('is refused with the ids %j', (ids) => {
    expect(() => restoreRequest(ids, {})).toThrow(/raw_file_ids: expected raw file ids/);
  });

  test('is refused where Temporal would refuse its size', () => {
    const ids = Array.from({ length: 60_000 }, (_, at) => `20250115_a_rather_long_sample_name_${at}`);
    expect(() => restoreRequest(ids, {})).toThrow(
      '60000 raw file ids are too many for one job: start several with fewer ids each',
    );
  });
});

test('a workflow id tells the time in UTC and nothing else', () => {
  expect(newWorkflowId('restore', new Date('2025-02-04T14:30:22.123Z'), '9f3c')).toBe(
    'restore-20250204-143022-9f3c',
  );
});

test.each([
  [{ raw_file_ids: ['a'] }, 'Restore 1 raw file'],
  [{ raw_file_ids: ['a', 'b'] }, 'Restore 2 raw files'],
  [{ raw_file_ids: ['a', 'b'], verify_only: true }, 'Verify 2 raw files'],
  [{ raw_file_ids: ['a', 'b'], dry_run: true }, 'Plan the restore of 2 raw files (dry run)'],
])('the summary of %j', (request, summary) => {
  expect(summaryOf(request)).toBe(summary);
});
