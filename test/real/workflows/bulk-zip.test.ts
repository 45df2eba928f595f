import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { PROGRESS_QUERY, TRANSFER_SIGNAL } from '../../../core/contract.js';
import type { ProgressAnswer } from '../../../core/contract.js';
import { gate } from '../../support/gate.js';
import { until } from '../../support/workflow-world.js';
import { zipEndOf } from '../../support/zip-lab.js';
import { appended, openZipWorkflows, result } from '../../support/zip-workflows.js';
import type { ZipSteps, ZipWorkflows } from '../../support/zip-workflows.js';

let world: ZipWorkflows;
beforeAll(async () => {
  world = await openZipWorkflows();
}, 60_000);
afterAll(() => world.close());

const { start }: Pick<ZipWorkflows, 'start'> = { start: (...args) => world.start(...args) };

async function run(steps: Partial<ZipSteps>, segments = 3) {
  const { handle, calls } = await start(steps, segments);
  return { ...(await zipEndOf(handle)), calls };
}

/** A step that goes on until it is cancelled. */
const untilCancelled = async (): Promise<never> => {
  const beat = setInterval(() => Context.current().heartbeat(), 50);
  return Context.current().cancelled.finally(() => clearInterval(beat));
};

describe('a bulk ZIP', () => {
  test('is planned, built in segments, recorded, completed, tidied up: in this order', async () => {
    const { result: found, failure, calls } = await run({});
    expect([found, failure]).toEqual([result, null]);
    const appends = ['zipAppend', 'zipAppend', 'zipAppend'];
    expect(calls).toEqual(['planZip', ...appends, 'recordAccess', 'zipComplete', 'closeZip']);
  });

  test('that is refused fails at once with type, words and reason, and is not aborted: nothing was begun', async () => {
    const refusal = {
      kind: 'refused',
      type: 'NotFound',
      message: 'no',
      reason: 'workspace-inactive',
    } as const;
    const { failure, calls } = await run({ planZip: async () => refusal });
    expect(failure).toEqual({ type: 'NotFound', message: 'no', reason: 'workspace-inactive' });
    expect(calls).toEqual(['planZip']);
  });

  test('tries a segment again when its worker dies or asks for it', async () => {
    const { failure, calls } = await run({
      zipAppend: async ({ segment }) => {
        if (segment !== 1 || Context.current().info.attempt > 2) return appended;
        throw ApplicationFailure.create({ type: 'WillRetry', message: 'again', nextRetryDelay: '10s' });
      },
    });
    expect(failure).toBeNull();
    expect(calls.filter((name) => name === 'zipAppend')).toHaveLength(5);
  });

  test('with an entry that cannot be had stops the other segments and gives the upload up', async () => {
    const { failure, calls } = await run({
      zipAppend: async ({ segment }) =>
        segment === 2 ? { kind: 'refused', type: 'StorageError', message: 'gone' } : untilCancelled(),
    });
    expect(failure).toEqual({ type: 'StorageError', message: 'gone', reason: null });
    expect(calls.at(-1)).toBe('abortZip');
    expect(calls).not.toContain('recordAccess');
  }, 30_000);

  test('that cannot be recorded is never completed', async () => {
    const { failure, calls } = await run({
      recordAccess: async () => ({
        kind: 'refused',
        type: 'StorageError',
        message: 'the database is down',
        reason: 'audit-unavailable',
      }),
    });
    expect(failure).toMatchObject({ type: 'StorageError', reason: 'audit-unavailable' });
    expect(calls.slice(-2)).toEqual(['recordAccess', 'abortZip']);
  });

  test('that is cancelled while it is built gives the upload up, after its segments have ended', async () => {
    let ended = 0;
    const zipAppend = () => untilCancelled().finally(() => (ended += 1));
    const { handle, calls } = await start({
      zipAppend,
      abortZip: async () => expect(ended).toBe(3),
    });
    await until(() => calls.filter((name) => name === 'zipAppend').length === 3);
    await handle.cancel();
    expect((await zipEndOf(handle)).failure?.type).toBe('CancelledFailure');
    expect(calls.at(-1)).toBe('abortZip');
  }, 30_000);

  test('that is cancelled while it is planned has its plan abandoned', async () => {
    const { handle, calls } = await start({ planZip: untilCancelled });
    await until(() => calls.length === 1);
    await handle.cancel();
    expect((await zipEndOf(handle)).failure?.type).toBe('CancelledFailure');
    expect(calls).toEqual(['planZip', 'abandonPlan']);
  }, 30_000);

  test.each(['zipAppend', 'recordAccess', 'zipComplete'] as const)(
    'is over after its time limit, also where %s never ends',
    async (name) => {
      const again = async (): Promise<never> => {
        throw ApplicationFailure.create({ type: 'WillRetry', message: 'again', nextRetryDelay: '13h' });
      };
      const { failure, calls } = await run({ [name]: again });
      expect(failure).toMatchObject({
        type: 'ZipError',
        message: 'The ZIP was not built within the time limit',
      });
      expect(calls.filter((call) => call !== 'zipAppend').slice(-2)).toEqual([
        name === 'zipAppend' ? 'planZip' : name,
        'abortZip',
      ]);
    },
    30_000,
  );

  test('counts what it skips, and is complete without it', async () => {
    const { handle } = await start({
      zipAppend: async ({ segment }) => ({ ...appended, entries: 10 - segment, skipped: segment }),
      zipComplete: async () => ({ kind: 'completed', result: { ...result, status: 'partial', entries: 27 } }),
    });
    expect((await zipEndOf(handle)).result).toMatchObject({ status: 'partial', entries: 27 });
    expect(await handle.query<ProgressAnswer>(PROGRESS_QUERY)).toMatchObject({
      files_total: 30,
      files_done: 30,
      files_failed: 3,
      bytes_done: 300,
    });
  });

  test('tells how far it is, stops for a pause, and goes on', async () => {
    const first = gate();
    const { handle, calls } = await start({ zipAppend: () => first.opened.then(() => appended) }, 6);
    const progress = () => handle.query<ProgressAnswer>(PROGRESS_QUERY);
    await until(() => calls.filter((name) => name === 'zipAppend').length === 4);
    expect(await progress()).toMatchObject({
      phase: 'restoring',
      raw_files_total: 1,
      files_total: 60,
      files_done: 0,
      bytes_total: 600,
      current: [{ file: 'segment 1 of 6' }, {}, {}, {}],
    });
    await handle.signal(TRANSFER_SIGNAL, { index: 1, bytesDone: 60, bytesTotal: 100 });
    await handle.signal(TRANSFER_SIGNAL, { index: 5, bytesDone: 60, bytesTotal: 100 });
    for (const nonsense of [undefined, null, 'x', {}, { index: 1, bytesDone: 'y', bytesTotal: NaN }])
      await handle.signal(TRANSFER_SIGNAL, nonsense);
    const inMiddle = [{ bytes_done: 0 }, { bytes_done: 60, bytes_total: 100 }, {}, {}];
    expect(await progress()).toMatchObject({ bytes_done: 60, current: inMiddle });
    await handle.signal('pause');
    first.open();
    await until(async () => (await progress()).files_done === 40);
    expect(await progress()).toMatchObject({ phase: 'paused', bytes_done: 400, current: [] });
    await handle.signal('resume');
    expect((await zipEndOf(handle)).result).toEqual(result);
    expect(await progress()).toMatchObject({ phase: 'done', raw_files_done: 1, files_done: 60 });
  }, 30_000);
});
