import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_EXPECTED } from '../../dev/demo-corpus.js';
import { checkDemo } from '../../dev/demo-outcome.js';

const PLANTED = [
  ...DEMO_EXPECTED.lines.map(([file, status]) => `${file}: ${status}`),
  ...DEMO_EXPECTED.errors.map(([, error]) => `ERROR: ${error}`),
];
const DOWNLOADED = Array.from(
  { length: DEMO_EXPECTED.files - DEMO_EXPECTED.lines.length },
  (_, at) => `f${at}: OK - Downloaded and verified (1.0 MB in 0.1s)`,
);

let output = '';
beforeEach(async () => {
  output = await mkdtemp(join(tmpdir(), 'stowage-outcome-'));
});
afterEach(() => rm(output, { recursive: true }));

/** Lays the lines out over as many reports. */
async function writeReports(lines: readonly string[], count = 3): Promise<void> {
  for (let at = 0; at < count; at += 1)
    await writeFile(
      join(output, `_download_status_batch_20250211_14302${at}.txt`),
      lines.filter((_, line) => line % count === at).join('\n'),
    );
}

test('the demo is content with what it planted', async () => {
  await writeReports([...PLANTED, ...DOWNLOADED]);
  expect(await checkDemo(output, 0, 3)).toEqual([]);
});

test('a planted ending that is missing is named', async () => {
  for (const missing of PLANTED) {
    await writeReports([...PLANTED.filter((line) => line !== missing), ...DOWNLOADED]);
    expect(await checkDemo(output, 0, 3)).toEqual([`missing in the reports: ${missing}`]);
  }
});

test('a file too few, a report too few and another exit code are told, each with what was wanted', async () => {
  await writeReports([...PLANTED, ...DOWNLOADED.slice(1)], 2);
  expect(await checkDemo(output, 0, 0)).toEqual([
    'exit code: wanted 3 (finished with failures), found 0',
    'reports: wanted 3, found 2',
    `downloaded: wanted ${DOWNLOADED.length}, found ${DOWNLOADED.length - 1}`,
  ]);
});

test('reports of an earlier demo do not count', async () => {
  await writeReports([...PLANTED, ...DOWNLOADED]);
  expect(await checkDemo(output, Date.now() + 10_000, 3)).toContain('reports: wanted 3, found 0');
});
