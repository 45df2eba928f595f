import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRestoreActivities } from '../../activities/index.js';
import type { RestoreResult } from '../../core/contract.js';
import { planJob, request } from '../support/restore-job.js';
import { openWorld, runActivity } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';

const ERROR = 'Not started (cancelled)';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world.close());

const report = (input: unknown, workflowId?: string): Promise<RestoreResult | null> =>
  runActivity(() =>
    createRestoreActivities(world.deps).reportUnplanned({ ...request(input, workflowId), error: ERROR }),
  );

describe('the report of a job without a plan', () => {
  test('lies in the output root and has a line for every raw file that was asked for', async () => {
    const result = await report('one,two');
    const path = join(world.root, '_download_status_batch_20250204_143022.txt');
    expect(result).toMatchObject({
      status: 'PARTIAL FAILURE',
      raw_files: 2,
      files: 0,
      reports: [path],
      duration_s: 1.5,
      failures: [
        { raw_file_id: 'one', file: null, status: `ERROR: ${ERROR}` },
        { raw_file_id: 'two', file: null, status: `ERROR: ${ERROR}` },
      ],
    });
    expect(await readFile(path, 'utf8')).toBe(`S3 Download Batch Status Report
================================
Destination: ${world.root}
Timestamp: 2025-02-04 14:30:22 UTC
Raw Files Processed: 2

Overall Summary:
----------------
Total raw files: 2
Total files: 0
Successful files: 0
Failed files: 0
Status: PARTIAL FAILURE

================================================================================
Raw File: one
Project ID: UNKNOWN
S3 Bucket: UNKNOWN
ERROR: Not started (cancelled)

================================================================================
Raw File: two
Project ID: UNKNOWN
S3 Bucket: UNKNOWN
ERROR: Not started (cancelled)

`);
    expect(await readdir(world.root)).toHaveLength(2);
  });

  test('removes a plan that was written, but that nobody was told of', async () => {
    world.addRawFile('sample', { 'a.raw': 'a' });
    const { ref } = await planJob(world, 'sample', 'restore-7');
    await report('sample', 'restore-7');
    await expect(readdir(ref.folder)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(world.root)).not.toContain('.stowage');
  });

  test('is in the result where the output root takes no files', async () => {
    await rm(world.root, { recursive: true });
    await writeFile(world.root, 'a file is in the way');
    const result = await report('one');
    expect(result?.reports).toEqual([]);
    expect(result?.unwritten_reports).toMatchObject([
      { destination: world.root, text: expect.stringContaining(`ERROR: ${ERROR}`) },
    ]);
  });

  test.each([
    ['a dry run', { raw_file_ids: 'one', dry_run: true }],
    ['an input that is not valid', { raw_file_ids: [] }],
  ])('is not made for %s', async (_, input) => {
    expect(await report(input)).toBeNull();
    expect(await readdir(world.root)).toEqual([]);
  });
});
