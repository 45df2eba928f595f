import { describe, expect, test } from '@jest/globals';
import { gate } from '../support/gate.js';
import { pool } from '../../workflows/pool.js';

/** Hands out 0, 1, 2, … up to a count. */
const numbers = (count: number): (() => Promise<number | null>) => {
  let at = 0;
  return async () => (at < count ? at++ : null);
};
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('a pool', () => {
  test('works on everything once, never on more at once than its limit', async () => {
    const done: number[] = [];
    let [running, most] = [0, 0];
    await pool(3, numbers(20), async (item) => {
      most = Math.max(most, (running += 1));
      await aMoment();
      running -= 1;
      done.push(item);
    });
    expect(done.toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
    expect(most).toBe(3);
  });

  test('ends, where one fails, only when all that was begun has ended', async () => {
    const slow = gate();
    const ended: number[] = [];
    const running = pool(2, numbers(2), async (item) => {
      if (item === 0) throw new Error('broken');
      await slow.opened;
      ended.push(item);
    });
    const outcome = running.catch((error: unknown) => `${String(error)} after ${ended.join()}`);
    await aMoment();
    slow.open();
    expect(await outcome).toBe('Error: broken after 1');
  });

  test('goes on with the rest where one fails', async () => {
    const done: number[] = [];
    const work = async (item: number): Promise<void> => {
      if (item === 0) throw new Error('broken');
      done.push(item);
    };
    await expect(pool(2, numbers(6), work)).rejects.toThrow('broken');
    expect(done).toEqual([1, 2, 3, 4, 5]);
  });
});
