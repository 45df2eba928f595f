/** What a waiting request leaves behind in the process: nothing. */
import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { createWaiting } from '../../client/api/waiting.js';
import { DONE, zipJobs } from './api-world.js';

const REQUESTS = 4000;
const MOST_BYTES_EACH = 500;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const heapUsed = async (): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  collect();
  return process.memoryUsage().heapUsed;
};

test('thousands of requests that waited leave neither memory nor listeners behind', async () => {
  const closing = new AbortController();
  const waiting = createWaiting(zipJobs().jobs, closing.signal);
  const wait = async (at: number): Promise<void> => {
    const patience = { mostMs: 60_000, client: new AbortController().signal };
    await waiting.forEnding({ id: `zip-${at}`, isNew: true }, Promise.resolve(DONE), patience);
  };
  for (let at = 0; at < 500; at += 1) await wait(at);
  const before = await heapUsed();
  for (let at = 0; at < REQUESTS; at += 1) await wait(at);
  expect(((await heapUsed()) - before) / REQUESTS).toBeLessThan(MOST_BYTES_EACH);
  expect(getEventListeners(closing.signal, 'abort')).toEqual([]);
});
