import { describe, expect, test } from '@jest/globals';
import type { ZipDeps } from '../../activities/zip-deps.js';
import { placeOf } from '../../activities/zip-place.js';
import { removeZip } from '../../activities/zip-remove.js';
import { parseZipInput } from '../../core/zip-input.js';
import { ZIP_INPUT_LIMITS } from '../../core/zip-request.js';

const ID = '123e4567-e89b-12d3-a456-426614174000';

function world() {
  const removed: string[] = [];
  const deps = {
    settings: { zipBucket: 'zips' },
    zips: {
      remove: async ({ bucket, key }: { bucket: string; key: string }) =>
        void removed.push(`${bucket}/${key}`),
    },
  } as unknown as ZipDeps;
  return { deps, removed };
}

describe('removeZip', () => {
  test('removes the ZIP that a job of attachments makes', async () => {
    const { deps, removed } = world();
    const ids = { workspace_id: ID, client_id: ID, attachment_ids: [ID], requested_by: 'user-1' };
    const input = parseZipInput([{ attachments: ids }], ZIP_INPUT_LIMITS);
    if (!input.ok) throw new Error(input.message);
    const place = placeOf(input.value, { workflowId: 'zip-1', runId: 'run', startedAtMs: 0 }, 'zips');
    if (place === null) throw new Error('no place');
    await removeZip(deps, place.target);
    await removeZip(deps, place.target);
    expect(removed).toEqual(Array(2).fill(`zips/${place.target.key}`));
  });

  test.each([
    ['another bucket', { bucket: 'attachments', key: `zips/${'0'.repeat(32)}.zip` }],
    ['another key', { bucket: 'zips', key: 'backup/all.zip' }],
    ['a key with more in front', { bucket: 'zips', key: `x/zips/${'0'.repeat(32)}.zip` }],
    ['a key with a line break behind', { bucket: 'zips', key: `zips/${'0'.repeat(32)}.zip\n` }],
  ])('refuses %s for ever', async (_what, target) => {
    const { deps, removed } = world();
    await expect(removeZip(deps, target)).rejects.toMatchObject({ type: 'InvalidInput', nonRetryable: true });
    expect(removed).toEqual([]);
  });
});
