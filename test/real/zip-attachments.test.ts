import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { noise } from '../../dev/corpus.js';
import { MEBIBYTE } from '../../core/units.js';
import { openZipLab } from '../support/zip-lab.js';
import type { ZipLab } from '../support/zip-lab.js';

describe('a ZIP of attachments', () => {
  let zip: ZipLab;
  beforeAll(async () => {
    zip = await openZipLab();
  });
  afterAll(() => zip.close());
  afterEach(async () => {
    expect(await zip.uploads(zip.zipBucket)).toEqual([]);
    expect((await zip.keys(zip.zipBucket)).filter((key) => key.startsWith('.stowage'))).toEqual([]);
  });

  const file = (name: string, bytes = 3000) => ({ name, bytes: noise(bytes, name) });

  test('holds the files asked for, in that order, under their names', async () => {
    const files = ['תיק רפואי.pdf', 'b.txt', 'a.jpg'].map((name) => file(name));
    const ids = [];
    for (const one of files) ids.push(await zip.add(one));
    const { result, failure } = await zip.run(zip.attachments(ids));
    expect(failure).toBeNull();
    expect(result).toMatchObject({ status: 'complete', entries: 3, skipped: [] });
    expect(result?.uri).toMatch(new RegExp(`^s3://${zip.zipBucket}/zips/[0-9a-f]{32}\\.zip$`));
    expect(result?.file_name).toMatch(/^client-files-\d{8}_\d{6}\.zip$/);
    const bytes = await zip.read(result?.uri ?? '');
    expect(bytes.length).toBe(result?.size_bytes);
    const entries = await zip.open(result);
    expect([...entries.keys()]).toEqual(files.map(({ name }) => name));
    for (const { name, bytes: wanted } of files)
      expect(Buffer.from(wanted).equals(entries.get(name) ?? Buffer.of())).toBe(true);
  });
});
void randomUUID;
void MEBIBYTE;
