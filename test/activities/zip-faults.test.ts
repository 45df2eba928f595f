import { describe, expect, test } from '@jest/globals';
import { MEBIBYTE } from '../../core/units.js';
import { noise } from '../../dev/corpus.js';
import type { ZipFault } from '../support/fake-zip-store.js';
import { attachmentsInput, createZipWorld, entriesOf, runZip } from '../support/zip-world.js';
import type { ZipOutcome, ZipWorld } from '../support/zip-world.js';

/** Two segments, the second too small for a part of its own. */
const FILES = [17, 1, 2].map((size) => noise(size * MEBIBYTE, `${size}`));

async function runWith(
  fault: ZipFault,
  lasting: boolean,
  n: number,
): Promise<{ world: ZipWorld; outcome: ZipOutcome }> {
  const world = createZipWorld();
  const ids = FILES.map((bytes) => world.add('file.bin', bytes));
  let tidying = false;
  const failing = { operation: '' };
  world.zips.failWith((operation, call) => {
    tidying ||= operation === 'abort' || operation.startsWith('remove');
    if (call === n) failing.operation = operation;
    const hit = lasting ? call >= n && operation === failing.operation : call === n;
    return hit && !tidying ? fault : null;
  });
  const outcome = await runZip(world, attachmentsInput(world, ids));
  return { world, outcome };
}

describe('whatever request to S3 fails', () => {
  const cases: readonly [ZipFault, boolean][] = [
    ['before', false],
    ['after', false],
    ['before', true],
    ['after', true],
  ];

  test.each(cases)(
    'there is a whole ZIP or none at all, and no upload stays open (%s it is done; for good: %s)',
    async (fault, lasting) => {
      const endings: string[] = [];
      for (let n = 0; n < 60; n += 1) {
        const { world, outcome } = await runWith(fault, lasting, n);
        endings.push(outcome.kind);
        expect([n, world.zips.uploads()]).toEqual([n, []]);
        const left = world.zips.keys('zips');
        if (outcome.kind === 'completed') {
          expect([n, left]).toEqual([n, [outcome.job.target.key]]);
          expect(outcome.result.size_bytes).toBe(world.zips.bytesOf(outcome.job.target)?.length);
          expect(world.attachments.events.size).toBe(1);
          if (n % 10 === 0) expect((await entriesOf(world, outcome)).size).toBe(3);
        } else {
          expect([n, left]).toEqual([n, []]);
          expect(outcome).toMatchObject({ type: 'StorageError', reason: 'unavailable' });
        }
        if (world.zips.calls().length <= n) break;
      }
      if (!lasting) expect(new Set(endings)).toEqual(new Set(['completed']));
      else expect(endings).toContain('refused');
      expect(endings.at(-1)).toBe('completed');
    },
    120_000,
  );
});
