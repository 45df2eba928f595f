import { describe, expect, test } from '@jest/globals';
import type { PlannedJob } from '../../core/contract.js';
import {
  addEnding,
  addPage,
  addUnbegun,
  carryOf,
  newState,
  rateOf,
  resumeState,
  sample,
} from '../../workflows/restore-state.js';
import type { RestoreState } from '../../workflows/restore-state.js';
import { FILE_BYTES, LIMITS, aFile, downloaded, ended } from '../support/fake-steps.js';

const job: PlannedJob = {
  ref: { workflowId: 'w', runId: 'r', folder: '/f', verifyOnly: false, startedAtMs: 0 },
  limits: LIMITS,
  rawFiles: 1,
  files: 100,
  bytes: 100 * FILE_BYTES,
  filesRefused: 2,
  rawFilesRefused: 0,
  chainPages: 1,
  smallPages: 0,
  destinations: [],
  filesOfRawFiles: { sample: 2 },
};
const opened = (): RestoreState => newState(job, 1000);
const full = { code: 'disk-full' } as const;

describe('the tally', () => {
  test('begins with the files that the plan refused', () => {
    expect(opened().tally).toEqual({ filesDone: 2, filesFailed: 2, bytesDone: 0, bytesDownloaded: 0 });
  });

  test('counts endings, files that were not begun, and pages', () => {
    const state = opened();
    addEnding(state, aFile(0), ended(aFile(0), downloaded, 700).outcome);
    addEnding(state, aFile(1), ended(aFile(1), { code: 's3-missing' }).outcome);
    addUnbegun(state, aFile(2));
    addPage(state, { files: 10, failed: 3, bytes: 50, bytesDownloaded: 40, fullFilesystems: [] });
    expect(state.tally).toEqual({
      filesDone: 15,
      filesFailed: 7,
      bytesDone: 3 * FILE_BYTES + 50,
      bytesDownloaded: 740,
    });
  });

  test('keeps the last ten failures, and every filesystem that is full', () => {
    const state = opened();
    for (let index = 0; index < 12; index += 1)
      addEnding(
        state,
        aFile(index),
        ended(aFile(index), index === 11 ? full : { code: 's3-denied' }).outcome,
      );
    addPage(state, { files: 1, failed: 1, bytes: 1, bytesDownloaded: 0, fullFilesystems: ['/b', '/out'] });
    expect(state.recentFailures).toHaveLength(10);
    expect(state.recentFailures[0]).toBe('f2.bin: FAILURE - S3 access denied');
    expect(state.recentFailures[9]).toBe('f11.bin: FAILURE - Disk full');
    expect([...state.fullFilesystems]).toEqual(['/out', '/b']);
  });
});

describe('what is handed to the next run', () => {
  test('is all that the next run needs to go on as if it were the same one', () => {
    const state = opened();
    Object.assign(state, { nextChainFile: 41, nextSmallPage: 7, handOver: true });
    addEnding(state, aFile(1), ended(aFile(1), full).outcome);
    // As it travels: through JSON.
    const carry = JSON.parse(JSON.stringify(carryOf(state, true))) as ReturnType<typeof carryOf>;
    expect(carry.paused).toBe(true);
    expect(resumeState(carry)).toEqual({ ...state, handOver: false });
  });

  test('has each raw file once, and no more those that are done', () => {
    const state = newState({ ...job, filesOfRawFiles: { open: 3, done: 1 } }, 1000);
    addEnding(state, aFile(1, { rawFileId: 'done' }), ended(aFile(1), full).outcome);
    const carry = carryOf(state, false);
    expect(carry.openOfRawFiles).toEqual({ open: 3 });
    expect(JSON.stringify(carry)).not.toMatch(/"done"/);
  });
});

describe('the rate', () => {
  const at = (state: RestoreState, second: number, bytesDone: number): void => {
    state.tally = { ...state.tally, bytesDone };
    sample(state, second * 1000);
  };

  test('is 0 until something is known', () => {
    const state = opened();
    expect(rateOf(state)).toBe(0);
    at(state, 0, 500);
    expect(rateOf(state)).toBe(0);
  });

  test('is that of the last minute or so', () => {
    const state = opened();
    for (let second = 0; second <= 300; second += 10)
      at(state, second, second <= 200 ? 0 : (second - 200) * 50);
    expect(rateOf(state)).toBe(50);
    expect(state.samples.length).toBeLessThanOrEqual(8);
  });

  test('is known though the transfers are told of every seven minutes only', () => {
    const state = opened();
    for (const minutes of [0, 7, 14, 21]) at(state, minutes * 60, minutes * 60 * 30);
    expect(rateOf(state)).toBe(30);
  });

  test('is never negative, though a file that arrived wrong is begun again', () => {
    const state = opened();
    at(state, 0, 5000);
    at(state, 10, 0);
    expect(rateOf(state)).toBe(0);
  });
});
