import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { main } from '../../client/cli.js';
import type { JobEnding, Jobs } from '../../client/job.js';
import { Problem } from '../../client/problem.js';
import { FAILED_RESULT, PREVIEW, RESULT, STATE, fakeJobs, fakeWorld } from './fake-world.js';

const OK: JobEnding = { kind: 'completed', result: RESULT };
const ID = 'restore-20250204-143022-9f3c';

async function run(
  line: string,
  {
    ending = OK,
    changes = {},
    stdin = '',
  }: { ending?: JobEnding; changes?: Partial<Jobs>; stdin?: string } = {},
) {
  const { jobs, calls } = fakeJobs(ending, changes);
  const world = fakeWorld(jobs, stdin);
  const code = await main(line.split(' ').filter(Boolean), world);
  return { code, calls, ...world.said };
}

const ended = (status: string): Partial<Jobs> => ({
  state: async (workflowId) => ({ ...STATE, workflowId, status, endedAtMs: STATE.startedAtMs + 9000 }),
});

describe('the help', () => {
  test('is the page that README and scripts know', async () => {
    const golden = readFileSync(new URL('../../../test/golden/cli-help.txt', import.meta.url), 'utf8');
    expect(await run('--help')).toMatchObject({ code: 0, out: golden, err: '' });
  });

  test('is shown on standard error where no command is given', async () => {
    const { code, out, err } = await run('');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('EXIT STATUS');
  });

  test('--version prints a version', async () => {
    expect(await run('--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('mistakes on the command line', () => {
  test.each([
    ['restor abc', "unknown command 'restor'"],
    ['restore', "missing required argument 'ids'"],
    ['restore ab', 'raw_file_ids: expected raw file ids'],
    ['restore -', 'raw_file_ids: expected raw file ids'],
    ['restore abc --nonsense', "unknown option '--nonsense'"],
    ['watch', "missing required argument 'workflow id'"],
    ['--json doctor', 'Put the command first: stowage doctor'],
  ])('%s', async (line, message) => {
    const { code, err, calls } = await run(line);
    expect([code, calls]).toEqual([2, []]);
    expect(err).toContain(message);
  });

  test('are one JSON document too', async () => {
    const { code, out } = await run('restore ab --json');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { type: 'usage' }, exit_code: 2 });
  });
});

describe('stowage restore', () => {
  test('starts the job, watches it and prints its result', async () => {
    const { code, out, err, calls } = await run('restore abc,def - --files *.raw --files b --verify-only', {
      stdin: 'ghi\n',
    });
    const request = { raw_file_ids: ['abc', 'def', 'ghi'], files: ['*.raw', 'b'], verify_only: true };
    expect(calls).toEqual([['start', request, ID], ['close']]);
    expect(code).toBe(0);
    expect(out).toMatch(/^SUCCESS\n2 raw files · 7 files · 7 ok/);
    expect(err).toContain(`Started ${ID}\n`);
  });

  test('takes the workflow id it is given', async () => {
    const { calls } = await run('restore abc --id mine --dry-run');
    expect(calls[0]).toEqual(['start', { raw_file_ids: ['abc'], dry_run: true }, 'mine']);
  });

  test('exits with 3 where files failed, failures first', async () => {
    const { code, out } = await run('restore abc', {
      ending: { kind: 'incomplete', result: FAILED_RESULT, message: '' },
    });
    expect(code).toBe(3);
    expect(out.indexOf('20250117_gone: RawFile not found in DB')).toBeLessThan(out.indexOf('Reports:'));
  });

  test('--detach prints the id alone and leaves', async () => {
    const ending = (): Promise<JobEnding> => Promise.reject(new Error('watched'));
    const { code, out, err } = await run('restore abc --detach', {
      changes: { ending, isWorkerListening: async () => false },
    });
    expect([code, out]).toEqual([0, `${ID}\n`]);
    expect(err).toBe(
      `Watch it: stowage watch ${ID}\nno worker is listening on task queue stowage: start one with stowage worker\n`,
    );
  });

  test('exits with 7 and one sentence where Temporal cannot be reached', async () => {
    const world = fakeWorld(fakeJobs(OK).jobs);
    const connect = () =>
      Promise.reject(new Problem('unreachable', 'Temporal does not answer at x:1 (TEMPORAL_ADDRESS): …'));
    expect(await main(['restore', 'abc', '--json'], { ...world, connect })).toBe(7);
    expect(world.said.err).toBe('Temporal does not answer at x:1 (TEMPORAL_ADDRESS): …\n');
    expect(JSON.parse(world.said.out)).toMatchObject({ error: { type: 'unreachable' }, exit_code: 7 });
  });
});

describe('--json', () => {
  test.each<readonly [string, JobEnding, object]>([
    ['completed', OK, { status: 'SUCCESS', files: 7 }],
    ['completed', { kind: 'completed', result: PREVIEW }, { dry_run: true }],
    ['incomplete', { kind: 'incomplete', result: FAILED_RESULT, message: 'm' }, { failed: 1, message: 'm' }],
    [
      'deadline',
      { kind: 'incomplete', result: FAILED_RESULT, message: 'Stopped at the time limit. 1 failed' },
      { failed: 1 },
    ],
    ['cancelled', { kind: 'cancelled', result: null }, {}],
    ['cancelled', { kind: 'cancelled', result: FAILED_RESULT }, { failed: 1 }],
    [
      'failed',
      { kind: 'failed', type: 'InvalidInput', message: 'm' },
      { error: { type: 'InvalidInput', message: 'm' } },
    ],
    ['terminated', { kind: 'terminated', message: 'm' }, { error: { type: 'terminated', message: 'm' } }],
  ])('%s: one document on standard output and nothing else', async (outcome, ending, rest) => {
    for (const line of ['restore abc --json', '--json restore abc', `watch ${ID} --json`]) {
      const { out } = await run(line, { ending });
      expect(out.match(/\n/g)).toHaveLength(1);
      expect(JSON.parse(out)).toMatchObject({ workflow_id: ID, run_id: 'run-1', outcome, ...rest });
    }
  });

  test.each([
    ['status job-1 --json', { workflow_id: 'job-1', status: 'running', progress: { files_done: 37 } }],
    ['pause job-1 --json', { workflow_id: 'job-1', requested: 'pause' }],
    ['restore abc --detach --json', { workflow_id: ID, run_id: 'run-1', outcome: 'started' }],
  ])('%s', async (line, document) => {
    expect(JSON.parse((await run(line)).out)).toMatchObject(document);
  });
});

describe('the interrupt key', () => {
  const press = async (line: string, times: number, onCancel: (end: (ending: JobEnding) => void) => void) => {
    let end: (ending: JobEnding) => void = () => {};
    const ending = new Promise<JobEnding>((resolve) => (end = resolve));
    const { jobs, calls } = fakeJobs(OK, { ending: () => ending });
    const cancel = async (id: string): Promise<void> => {
      await jobs.cancel(id);
      onCancel(end);
    };
    const world = fakeWorld({ ...jobs, cancel });
    const code = main(line.split(' '), world);
    await sleep(20);
    for (let pressed = 0; pressed < times; pressed += 1) world.interrupt();
    return { code: await code, calls: calls.map(([what]) => what), ...world.said };
  };

  test('once: cancels the job that this command started, and waits for its report', async () => {
    const result = await press('restore abc', 1, (end) => end({ kind: 'cancelled', result: FAILED_RESULT }));
    expect(result).toMatchObject({ code: 130, calls: ['start', 'cancel', 'close'] });
    expect(result.out).toMatch(/^CANCELLED\n/);
    expect(result.err).toContain('Press Ctrl-C again to leave at once');
  });

  test('twice: leaves at once', async () => {
    const result = await press('restore abc', 2, () => {});
    expect(result).toMatchObject({ code: 130, calls: ['start', 'cancel', 'close'], out: '' });
    expect(result.err).toContain(`No longer watching; see how it ends: stowage watch ${ID}`);
  });

  test('only stops the watching of somebody else’s job', async () => {
    expect(await press('watch job-1', 1, () => {})).toMatchObject({ code: 130, calls: ['close'], out: '' });
  });
});

describe('commands on a job', () => {
  test.each(['cancel', 'pause', 'resume'])('%s asks and does not wait', async (what) => {
    const { code, calls, out } = await run(`${what} job-1`);
    expect([code, calls]).toEqual([0, [[what, 'job-1'], ['close']]]);
    expect(out).toMatch(/requested: stowage watch job-1\n$/);
  });

  test.each(['watch', 'status', 'report'])(
    '%s of an unknown job exits with 5 and closes the connection',
    async (what) => {
      const state = () => Promise.reject(new Problem('not-found', 'There is no job x'));
      expect(await run(`${what} x`, { changes: { state } })).toMatchObject({
        code: 5,
        err: 'There is no job x\n',
        calls: [['close']],
      });
    },
  );

  test('watch follows a ZIP too, and refuses a job of another kind', async () => {
    const ofType = (type: string): Partial<Jobs> => ({ state: async () => ({ ...STATE, type }) });
    expect((await run('watch x', { changes: ofType('bulkZip') })).out).toContain('s3://zips/run-7.zip');
    expect(await run('watch x', { changes: ofType('restoreReport') })).toMatchObject({
      code: 5,
      err: 'x is not a restore but a restoreReport: look at it in the Web UI of Temporal\n',
    });
  });
});

describe('stowage report', () => {
  const two = { ...FAILED_RESULT, reports: ['/a/r.txt', '/a/r.json', '/b/r.txt'] };

  test('prints the text reports, each below its path', async () => {
    const ending: JobEnding = { kind: 'incomplete', result: two, message: '' };
    const { code, out } = await run('report job-1', { ending, changes: ended('failed') });
    expect([code, out]).toEqual([
      0,
      '==> /a/r.txt <==\ntext of /a/r.txt\n\n==> /b/r.txt <==\ntext of /b/r.txt\n',
    ]);
  });

  test('prints a single report as it is', async () => {
    const { out } = await run('report job-1', { changes: ended('completed') });
    expect(out).toBe(`text of ${RESULT.reports[0]}\n`);
  });

  test('asks the worker for what is on disk where a job was terminated', async () => {
    const { calls } = await run('report job-1', {
      ending: { kind: 'terminated', message: '' },
      changes: ended('terminated'),
    });
    expect(calls).toContainEqual(['report', 'job-1', []]);
  });

  test.each<readonly [string, JobEnding, Partial<Jobs>]>([
    ['is still running', OK, {}],
    ['was a dry run', { kind: 'completed', result: PREVIEW }, ended('completed')],
    ['was refused', { kind: 'failed', type: 'InvalidInput', message: 'raw_file_ids: …' }, ended('failed')],
  ])('says that a job %s', async (message, ending, changes) => {
    const { code, err } = await run('report job-1', { ending, changes });
    expect(code).toBe(5);
    expect(err).toContain(`job-1 ${message}`);
  });
});
