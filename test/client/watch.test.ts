import { describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgressAnswer } from '../../core/contract.js';
import type { Jobs } from '../../client/job.js';
import { Problem } from '../../client/problem.js';
import { plainLines } from '../../client/progress-bar.js';
import { watchJob } from '../../client/watch.js';
import { PROGRESS, RESULT, fakeJobs } from './fake-world.js';

const RHYTHM = { pollMs: 1, silenceMs: 10, outageMs: 40, retryMs: 1 };
const DONE = { kind: 'completed', result: RESULT } as const;
const NEVER = new AbortController().signal;
const lateEnding = async () => {
  await sleep(60);
  return DONE;
};

async function watched(changes: Partial<Jobs>, signal = NEVER) {
  let said = '';
  const display = plainLines((text) => (said += text), Date.now);
  const ending = await watchJob(fakeJobs(DONE, changes).jobs, 'job-1', display, signal, RHYTHM);
  return { ending, said };
}

describe('watching a job', () => {
  test('shows its progress and ends with its ending', async () => {
    const { ending, said } = await watched({ ending: lateEnding });
    expect(ending).toEqual(DONE);
    expect(said).toBe('37/112 files · 412.0 GB of 1.3 TB · 96.0 MB/s · ETA 2:41:00 · 1 failed\n');
  });

  test('goes on while the job cannot answer', async () => {
    let asked = 0;
    const { said } = await watched({
      ending: lateEnding,
      progress: async () => (++asked > 3 ? PROGRESS : null),
    });
    expect(said).toMatch(/^37\/112/);
  });

  test('says once that no worker is listening', async () => {
    const { said } = await watched({
      ending: lateEnding,
      progress: async () => null,
      isWorkerListening: async () => false,
    });
    expect(said).toBe('no worker is listening on task queue stowage: start one with stowage worker\n');
  });

  test('says nothing of the kind where a worker is only busy', async () => {
    const { said } = await watched({ ending: lateEnding, progress: async () => null });
    expect(said).toBe('');
  });

  test('outlives a restart of Temporal', async () => {
    let asked = 0;
    const ending = async () => {
      if (++asked < 4) throw new Problem('unreachable', 'Temporal does not answer');
      return DONE;
    };
    const result = await watched({ ending, progress: async () => null });
    expect(result).toEqual({
      ending: DONE,
      said: 'Temporal does not answer; waiting for it, the job goes on by itself\n',
    });
  });

  test('gives up where Temporal stays away', async () => {
    const ending = async () => {
      throw new Problem('unreachable', 'Temporal does not answer');
    };
    await expect(watched({ ending })).rejects.toThrow('Temporal does not answer');
  });

  test('stops as soon as it is told to', async () => {
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(), 10);
    const { ending } = await watched({ ending: () => new Promise(() => {}) }, leaving.signal);
    expect(ending).toBeNull();
  });
});

describe('progress without a terminal', () => {
  const shown = (steps: readonly (readonly [atMs: number, Partial<ProgressAnswer>])[]): string => {
    let [text, nowMs] = ['', 0];
    const display = plainLines(
      (line) => (text += line),
      () => nowMs,
    );
    for (const [atMs, changes] of steps) {
      nowMs = atMs;
      display.show({
        ...PROGRESS,
        bytes_total: 0,
        bytes_done: 0,
        rate_bytes_per_s: 0,
        eta_s: null,
        files_failed: 0,
        ...changes,
      });
    }
    return text;
  };

  test('is a line every few seconds, and none while nothing moves', () => {
    const steps = [0, 1000, 2000, 6000, 7000, 12_000].map(
      (atMs) => [atMs, { files_done: Math.min(4, atMs / 1000) }] as const,
    );
    expect(shown(steps)).toBe('0/112 files · 0 B of 0 B\n4/112 files · 0 B of 0 B\n');
  });

  test('is a line at once when a file fails or the phase changes', () => {
    const text = shown([
      [0, {}],
      [10, { files_failed: 1 }],
      [20, { files_failed: 1, phase: 'paused' }],
    ]);
    expect(text.split('\n')).toHaveLength(4);
  });
});
