import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import { runStep } from '../../../activities/step.js';
import { NOT_FETCHED } from '../../../core/contract.js';
import type { FileStep } from '../../../core/contract.js';
import type { Ending } from '../../../core/outcome.js';
import { FILE_BYTES, LIMITS, aFile, allRight, ended, someFiles } from '../../support/fake-steps.js';
import type { Ended, Fakes } from '../../support/fake-steps.js';
import { openWorld } from '../../support/workflow-world.js';
import type { World } from '../../support/workflow-world.js';

const right = allRight([], new Map());
type FileActivity = 's3EtagCheck' | 'localCheck' | 'download' | 'localVerify';

/** The step as it should be, but for f3.bin. */
const butForF3 = (name: FileActivity, fails: (step: FileStep) => Promise<Ended>): Fakes => ({
  [name]: (step: never) => {
    const { file } = step as FileStep;
    return file.file === 'f3.bin' ? fails(step) : right[name](step);
  },
});

/** The real step, as all activities use it, around a body that fails. */
const stepFailing = (error: unknown) => (step: FileStep) =>
  runStep<Ended>(
    step.limits,
    () => Promise.reject(error),
    async ({ ending }) => ended(step.file, ending),
  );

const wholeStory = ['s3EtagCheck', 'localCheck', 'download', 'localVerify'];

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe("one file's story", () => {
  test('is s3EtagCheck, localCheck, download, localVerify; then the report is written and the job is closed', async () => {
    const { ended: end, story } = await world.run({}, { files: [aFile(0)] });
    expect(story()).toEqual(['planRestore', 'readPlanPage', ...wholeStory, 'writeReport', 'closeJob']);
    expect(end).toMatchObject({
      status: 'COMPLETED',
      type: null,
      result: { status: 'SUCCESS', files: 1, successful: 1, failed: 0, bytes_downloaded: FILE_BYTES },
    });
  });

  const early: readonly [keyof Fakes, number, Ending][] = [
    ['s3EtagCheck', 1, { code: 's3-corrupt' }],
    ['localCheck', 2, { code: 'skipped' }],
    ['download', 3, { code: 's3-changed' }],
    ['localVerify', 4, { code: 'healed' }],
  ];
  test.each(early)('that %s ends goes no further', async (name, steps, ending) => {
    const { ended: end, story } = await world.run(
      { [name]: async ({ file }: { file: ReturnType<typeof aFile> }) => ended(file, ending) },
      { files: [aFile(0)] },
    );
    expect(story('f0.bin')).toEqual(wholeStory.slice(0, steps));
    expect(end.result?.failed).toBe(ending.code.startsWith('s3') ? 1 : 0);
    expect(end.status).toBe(ending.code.startsWith('s3') ? 'FAILED' : 'COMPLETED');
  });

  test('hands on what each step learned to the next', async () => {
    const source = { etag: 'pinned', versionId: 'v7', sizeBytes: 5, etagIsDigest: false };
    const transfer = { bytes: 5, elapsedMs: 7, attempts: 3 };
    const { stepsOf } = await world.run(
      {
        s3EtagCheck: async () => ({ kind: 'right', source }),
        localCheck: async () => ({ kind: 'fetch', local: 'wrong' }),
        download: async () => ({ kind: 'fetched', transfer }),
      },
      { files: [aFile(0)] },
    );
    const [planned] = stepsOf('planRestore');
    const job = { workflowId: planned?.workflowId, runId: planned?.runId, folder: '/out/.stowage/job' };
    const known = { job, limits: LIMITS, file: aFile(0) };
    expect(stepsOf('localCheck')).toMatchObject([{ ...known, source }]);
    expect(stepsOf('download')).toMatchObject([{ ...known, source, local: 'wrong', before: NOT_FETCHED }]);
    expect(stepsOf('localVerify')).toMatchObject([
      { ...known, source, local: 'wrong', transfer, lastTry: false },
    ]);
    expect(stepsOf('writeReport')).toMatchObject([{ job, stop: null, fullFilesystems: [] }]);
    expect(stepsOf('closeJob')).toMatchObject([job]);
  });
});

describe("one file's failure stops no other", () => {
  const kinds: readonly [string, Fakes, string][] = [
    [
      'an ending',
      butForF3('s3EtagCheck', async ({ file }) => ended(file, { code: 's3-missing' })),
      'S3 file not found',
    ],
    [
      'a TypeError',
      butForF3('download', stepFailing(new TypeError('x is not a function'))),
      'x is not a function',
    ],
    ['a thrown string', butForF3('localCheck', stepFailing('just words')), 'just words'],
    [
      'a failure that escapes the step',
      butForF3('localVerify', () => Promise.reject(ApplicationFailure.nonRetryable('out of the blue'))),
      'out of the blue',
    ],
  ];
  test.each(kinds)('where it fails with %s', async (_kind, fakes, cause) => {
    const { ended: end, story } = await world.run(fakes, { files: someFiles(10) });
    expect(end).toMatchObject({
      status: 'FAILED',
      type: 'RestoreIncomplete',
      result: { successful: 9, failed: 1 },
    });
    expect(end.result?.failures).toEqual([
      { raw_file_id: 'sample', file: 'f3.bin', status: expect.stringContaining(cause) },
    ]);
    for (const { file } of someFiles(10).filter(({ index }) => index !== 3))
      expect(story(file)).toEqual(wholeStory);
  });
});
