import { readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { bundlePath } from '../support/workflow-bundle.js';

/** Real jobs, recorded by test/support/record-histories.ts and record-zip-histories.ts. */
const FOLDER = join(process.cwd(), 'test/histories');
const names = readdirSync(FOLDER).map((name) => name.replace(/\.json$/, ''));
const historyOf = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));

let code: string;
beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
  });
  code = await readFile(await bundlePath(), 'utf8');
});

const replay = (name: string, workflows: string): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: { code: workflows }, replayName: name }, historyOf(name));

/** The bundle with two pieces of its code in each other's place; each must be there exactly once. */
function swapped(one: string, other: string): string {
  for (const piece of [one, other]) expect(code.split(piece)).toHaveLength(2);
  return code.replace(one, '\u0000').replace(other, one).replace('\u0000', other);
}

test('there is a history of every way out', () => {
  const ways = [
    'ok',
    'failures',
    'deadline',
    'cancel',
    'pause-and-progress',
    'long',
    'long-2',
    'invalid',
    'report',
    'zip-ok',
    'zip-refused',
    'zip-entry-gone',
    'zip-deadline',
    'zip-cancel',
    'zip-pause-and-progress',
    'zip-long',
    'zip-long-2',
    'zip-expiry',
  ];
  expect(names).toEqual(expect.arrayContaining(ways));
});

describe('a job that was begun by this version goes on under this version', () => {
  test.each(names)('%s', (name) => replay(name, code));
});

describe('a change that would break running jobs is noticed', () => {
  const changes: readonly [string, string, string, string][] = [
    ['two steps of a file swapped', 'ok', 'steps.s3EtagCheck.', 'steps.localCheck.'],
    [
      'a verification before its download',
      'long',
      '.download.executeWithOptions(',
      '.localVerify.executeWithOptions(',
    ],
    ['the folder closed before the report', 'cancel', 'reporting.writeReport(', 'tidying.closeJob('],
    ['a ZIP completed before it is on record', 'zip-ok', 'zipSteps.recordAccess(', 'zipSteps.zipComplete('],
  ];
  test.each(changes)('%s', async (_change, name, one, other) => {
    await expect(replay(name, swapped(one, other))).rejects.toThrow(/TMPRL1100|[Nn]ondeterminism|determinis/);
  });

  test('no time limit any more', async () => {
    const limit = /\.withTimeout\(leftMs, (?=[^;]*restoreFiles)/g;
    expect(code.match(limit)).toHaveLength(1);
    const unlimited = code.replace(limit, '.withTimeout(0, ');
    await expect(replay('deadline', unlimited)).rejects.toThrow(/TMPRL1100|[Nn]ondeterminism|determinis/);
  });
});
