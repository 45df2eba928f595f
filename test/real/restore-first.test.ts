import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noise } from '../../dev/corpus.js';
import { openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';

describe('a first restore on the real servers', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.close());

  test('one raw file of one object comes back, verified, with a report beside it', async () => {
    const bytes = noise(12_000_003, 'first');
    await lab.corpus.add({
      id: 'first.raw',
      project: `P-${lab.unique}`,
      files: { 'first.raw': bytes },
      chunkMb: 5,
    });
    const { failure, result } = await lab.restore('first.raw');
    expect(failure).toBeNull();
    expect(result).toMatchObject({
      status: 'SUCCESS',
      raw_files: 1,
      files: 1,
      successful: 1,
      failed: 0,
      bytes_downloaded: bytes.length,
    });
    expect(Buffer.compare(await lab.read(`P-${lab.unique}/first.raw`), bytes)).toBe(0);
    expect(await lab.tree()).toHaveLength(4);
  });
});
