import { describe, expect, test } from '@jest/globals';
import { main } from '../../client/cli.js';
import type { Jobs, ZipEnding } from '../../client/job.js';
import { summaryOfZip } from '../../client/zip-request.js';
import { ZIP_RESULT, fakeJobs, fakeWorld } from './fake-world.js';

const PLACES = '--prefix s3://raw/run-7/ --output s3://zips/run-7.zip';
const ID = 'zip-20250204-143022-9f3c';

async function run(line: string, changes: Partial<Jobs> = {}) {
  const { jobs, calls } = fakeJobs({ kind: 'cancelled', result: null }, changes);
  const world = fakeWorld(jobs);
  const code = await main(line.split(' '), world);
  return { code, calls, ...world.said };
}

const ending = (found: ZipEnding): Partial<Jobs> => ({ zipEnding: async () => found });

describe('stowage zip', () => {
  test('starts the job, watches it and says what is in the ZIP and what is not', async () => {
    const { code, out, err, calls } = await run(`zip ${PLACES} --on-error skip --compression deflate`);
    expect(calls).toEqual([
      [
        'start zip',
        {
          prefix: 's3://raw/run-7/',
          output: 's3://zips/run-7.zip',
          on_error: 'skip',
          compression: 'deflate',
        },
        ID,
      ],
      ['close'],
    ]);
    expect(err).toContain(`Started ${ID}\n`);
    expect([code, out]).toEqual([
      3,
      `PARTIAL

s3://zips/run-7.zip: 6 entries · 1.2 GB

Not in it:
  s3://raw/run-7/gone\\x07.bin: not found

Job ${ID}
`,
    ]);
  });

  test('--detach prints the id alone and leaves', async () => {
    expect(await run(`zip ${PLACES} --detach --id mine`)).toMatchObject({ code: 0, out: 'mine\n' });
  });

  test.each<readonly [string, ZipEnding, number]>([
    ['a whole ZIP', { kind: 'completed', result: { ...ZIP_RESULT, status: 'complete', skipped: [] } }, 0],
    ['entries missing', { kind: 'completed', result: ZIP_RESULT }, 3],
    ['a cancel', { kind: 'cancelled' }, 130],
    ['nothing there', { kind: 'failed', type: 'NotFound', message: 'no objects', reason: null }, 5],
    ['an invalid input', { kind: 'failed', type: 'InvalidInput', message: 'prefix: …', reason: null }, 2],
    ['a broken S3', { kind: 'failed', type: 'StorageError', message: 'no', reason: null }, 1],
    ['a termination', { kind: 'terminated', message: 'by hand' }, 130],
    ["Temporal's time limit", { kind: 'timed_out', message: '' }, 6],
  ])('%s: exit code, and the same as JSON', async (_what, found, expected) => {
    const { code, out } = await run(`zip ${PLACES} --json`, ending(found));
    expect(code).toBe(expected);
    expect(JSON.parse(out)).toMatchObject({ workflow_id: ID, outcome: found.kind });
    expect((await run(`zip ${PLACES}`, ending(found))).code).toBe(expected);
  });

  test.each([
    ['zip --prefix s3://raw/run-7/', "required option '--output"],
    [`zip ${PLACES} --on-error maybe`, 'Allowed choices are fail, skip'],
    [
      'zip --prefix raw --output s3://zips/a.zip',
      '--prefix: expected an address such as s3://bucket/folder/',
    ],
    ['zip --prefix s3://raw/ --output s3://zips/', '--output: expected the name of a ZIP file'],
    ['zip --prefix s3://raw/ --output s3://zips', '--output: expected the name of a ZIP file'],
  ])('%s is a mistake', async (line, message) => {
    const { code, err, calls } = await run(line);
    expect([code, calls]).toEqual([2, []]);
    expect(err).toContain(message);
  });
});

test('what the Web UI shows beside a job counts, and names nothing', () => {
  const attachments = { workspace_id: 'w', client_id: 'c', attachment_ids: ['a'], requested_by: 'u' };
  expect(summaryOfZip({ attachments })).toBe('ZIP of 1 attachment');
  expect(summaryOfZip({ prefix: 's3://raw/', output: 's3://zips/a.zip' })).toBe('ZIP of a prefix');
});
