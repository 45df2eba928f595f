import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { forEachAtOnce } from '../../activities/in-flight.js';

const { signal } = new AbortController();

test('every item is worked on, never more than the limit at once', async () => {
  const done: number[] = [];
  let [running, most] = [0, 0];
  await forEachAtOnce([0, 1, 2, 3, 4, 5, 6], 3, signal, async (item) => {
    most = Math.max(most, (running += 1));
    await sleep(5);
    running -= 1;
    done.push(item);
  });
  expect(new Set(done)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  expect(done).toHaveLength(7);
  expect(most).toBe(3);
});

test('the first error stops what has not begun, and is thrown when the rest has ended', async () => {
  const log: string[] = [];
  const work = forEachAtOnce([0, 1, 2, 3], 2, signal, async (item) => {
    log.push(`begin ${item}`);
    if (item === 0) throw new Error('item 0 failed');
    await sleep(20);
    log.push(`end ${item}`);
  });
  await expect(work).rejects.toThrow('item 0 failed');
  expect(log).toEqual(['begin 0', 'begin 1', 'end 1']);
});

test('the first error aborts what is under way, and is what is thrown', async () => {
  const work = forEachAtOnce([0, 1], 2, signal, async (item, together) => {
    if (item === 0) throw new Error('item 0 failed');
    await new Promise((_, reject) =>
      together.addEventListener('abort', () => reject(new Error('item 1 was cut off'))),
    );
  });
  await expect(work).rejects.toThrow('item 0 failed');
});

test('an abort begins nothing more', async () => {
  const abort = new AbortController();
  const begun: number[] = [];
  const work = forEachAtOnce([0, 1, 2], 1, abort.signal, async (item) => {
    begun.push(item);
    abort.abort(new Error('aborted'));
  });
  await expect(work).rejects.toThrow('aborted');
  expect(begun).toEqual([0]);
});

test('nothing to do is done', async () => {
  await forEachAtOnce([], 3, signal, () => Promise.reject(new Error('never')));
});
