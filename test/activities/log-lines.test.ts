import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DefaultLogger } from '@temporalio/worker';
import type { LogEntry } from '@temporalio/worker';
import { createRestoreActivities, createTransferActivities } from '../../activities/index.js';
import { BUCKET, keyOf, md5, openWorld, runActivity } from '../support/restore-world.js';
import type { World } from '../support/restore-world.js';
import { asSmallPage, planJob, request } from '../support/restore-job.js';

let world: World;
let lines: LogEntry[];
beforeEach(async () => {
  world = await openWorld();
  lines = [];
});
afterEach(() => world.close());

/** Runs an activity and returns what it logged itself: the SDK's own lines are left out. */
async function logOf(
  activity: () => Promise<unknown>,
): Promise<readonly (readonly [string, string, object])[]> {
  const logger = new DefaultLogger('DEBUG', (entry) => lines.push(entry));
  await runActivity(activity, { logger });
  return lines
    .filter(({ message }) => !message.startsWith('Activity '))
    .map(({ level, message, meta = {} }) => [level, message, meta]);
}

describe('the log', () => {
  test('has the counts of a plan, its destinations, and each raw file that it refuses', async () => {
    world.addRawFile('sample', { 'a.raw': 'right', '../b.raw': 'x' });
    const { planRestore } = createRestoreActivities(world.deps);
    expect(await logOf(() => planRestore(request('sample,unknown')))).toMatchObject([
      [
        'INFO',
        'restore planned',
        {
          rawFiles: 2,
          rawFilesRefused: 1,
          files: 2,
          filesRefused: 1,
          bytes: 6,
          destinations: [`${world.root}/P1`],
        },
      ],
      ['ERROR', 'raw file cannot be restored', { rawFileId: 'unknown', error: 'RawFile not found in DB' }],
    ]);
  });

  test('has every step of a file with its numbers, and what was wanted and found where they differ', async () => {
    world.addRawFile('sample', { 'a.raw': 'right', 'b.raw': 'right', 'c.raw': 'right' });
    world.store.overwrite(BUCKET, keyOf('sample', 'b.raw'), Buffer.from('other'));
    world.store.failWith(({ operation, key }) =>
      operation === 'read' && key.endsWith('c.raw') ? { kind: 'flip', bytes: 1 } : null,
    );
    const { ref, limits } = await planJob(world, 'sample').then(async (job) => (await asSmallPage(job), job));
    const { restorePage } = createTransferActivities(world.deps);
    const step = { job: ref, limits: { ...limits, retries: 0 }, page: 0, fullFilesystems: [] };
    const logged = await logOf(() => restorePage(step));
    const of = (file: string) => logged.filter(([, , meta]) => 'file' in meta && meta.file === file);
    const right = md5('right');
    expect(of('a.raw')).toMatchObject([
      ['INFO', 'downloaded', { rawFileId: 'sample', bytes: 5, elapsedMs: 0, attempts: 1 }],
      ['INFO', 'verified', { expectedEtag: right, localEtag: right, localMd5: right }],
      ['INFO', 'file done', { status: 'OK - Downloaded and verified (0.0 MB in 0.0s)' }],
    ]);
    const differs = {
      bucket: BUCKET,
      expectedEtag: right,
      s3Etag: md5('other'),
      cause: /^ETag: the catalogue/,
    };
    expect(of('b.raw')).toMatchObject([
      ['WARN', 'S3 differs from the catalogue', { ...differs, cause: expect.stringMatching(differs.cause) }],
      ['WARN', 'file failed', { status: 'FAILURE - S3 corruption detected (etag mismatch)' }],
    ]);
    expect(of('c.raw')).toMatchObject([
      ['INFO', 'downloaded', {}],
      [
        'WARN',
        'the fetched bytes are wrong',
        { expectedEtag: right, mismatch: expect.stringContaining('wanted') },
      ],
      ['WARN', 'file failed', { status: 'FAILURE - Download verification failed', bytes: 5 }],
    ]);
  });
});
