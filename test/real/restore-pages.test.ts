import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bucketOf, noise } from '../../dev/corpus.js';
import { addMany } from '../support/add-many.js';
import { endOf, openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { CORRUPT, DOWNLOADED, HEALED, SKIPPED, readRestored } from '../support/run-restore.js';

describe('a raw file of more files than are restored one by one', () => {
  let lab: Lab;
  let project = '';
  const small = Object.fromEntries(
    Array.from({ length: 600 }, (_, at) => [`many.d/${at % 7}/f${at}.bin`, noise(1024, `small ${at}`)]),
  );
  const large = noise(20 * 1_048_576, 'large among small');
  beforeAll(async () => {
    lab = await openLab();
    project = lab.project('many');
    await lab.corpus.add({ id: 'large', project, files: { 'large.raw': large }, chunkMb: 5 });
    await addMany(lab, 'many', project, small);
  });
  afterAll(() => lab.close());
  afterEach(async () => expect(await lab.strays()).toEqual([]));

  async function restoreAll() {
    const handle = await lab.start('many,large');
    const read = await readRestored(await endOf(handle));
    const { historyLength, historySize } = await handle.describe();
    return { ...read, historyLength, historySize: historySize ?? 0 };
  }
  const countOf = (files: Readonly<Record<string, string>>, status: string): number =>
    Object.values(files).filter((one) => one === status).length;

  test('comes back whole, with the large file among them, in a short history', async () => {
    const { failure, result, files, historyLength, historySize } = await restoreAll();
    expect(failure).toBeNull();
    expect(result).toMatchObject({
      files: 601,
      successful: 601,
      bytes_downloaded: 600 * 1024 + large.length,
    });
    expect(countOf(files, DOWNLOADED)).toBe(601);
    for (const [name, bytes] of Object.entries(small))
      expect([name, await lab.holds(`${project}/${name}`, bytes)]).toEqual([name, true]);
    expect(await lab.holds(`${project}/large.raw`, large)).toBe(true);
    // One activity for each of the small files alone would be some 3,600 events.
    expect(historyLength).toBeLessThan(300);
    expect(historySize).toBeLessThan(5 * 1_048_576);
  });

  test('is judged file by file: absent, wrong, altered in S3, gone from S3, unreadable entries', async () => {
    const names = Object.keys(small);
    const [absent = '', wrong = '', altered = '', gone = '', keptWrong = ''] = names;
    await rm(join(lab.output, project, absent));
    await lab.write(`${project}/${wrong}`, noise(1024, 'wrong'));
    await lab.corpus.put(bucketOf(project), altered, noise(1024, 'altered'));
    await lab.corpus.remove(bucketOf(project), gone);
    await lab.corpus.remove(bucketOf(project), keptWrong);
    await lab.write(`${project}/${keptWrong}`, 'wrong, and S3 has none');
    const { failure, result, files, historyLength } = await restoreAll();
    expect(failure?.message).toMatch(/^3 of 601 files failed; /);
    expect(result).toMatchObject({ successful: 598, failed: 3, bytes_downloaded: 2048 });
    expect(files[absent]).toBe(DOWNLOADED);
    expect(files[wrong]).toBe(HEALED);
    expect(files[altered]).toBe(CORRUPT);
    expect(files[gone]).toBe('FAILURE - S3 file not found');
    expect(files[keptWrong]).toBe('FAILURE - S3 file not found');
    expect(countOf(files, SKIPPED)).toBe(596);
    expect(await lab.holds(`${project}/${altered}`, small[altered] ?? new Uint8Array())).toBe(true);
    expect(String(await lab.read(`${project}/${keptWrong}`))).toBe('wrong, and S3 has none');
    expect(historyLength).toBeLessThan(300);
  });
});
