import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stillRuns } from '../../dev/serving/process-identity.js';
import { readRecord } from '../../dev/serving/record.js';
import type { StackRecord } from '../../dev/serving/record.js';
import { startProcess } from '../support/processes.js';
import type { StartedProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const DEMO = fileURLToPath(new URL('../../dev/demo.js', import.meta.url));
/** The servers of this suite are not the demo's: it starts its own. */
const OWN_SERVERS = { TEMPORAL_ADDRESS: '', AWS_ENDPOINT_URL_S3: '', MONGODB_URI: '' };
const CORPUS = 'Making a small corpus';
const RESTORE = 'Started demo-';

describe('npm run demo', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stowage-demo-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const start = (): StartedProcess =>
    startProcess(process.execPath, [DEMO, '--once'], { env: OWN_SERVERS, cwd: folder });
  const servers = async (): Promise<StackRecord['processes']> =>
    (await readRecord(join(folder, '.stowage', 'dev')))?.processes ?? [];

  test('shows a restore with all its endings and a ZIP, all as expected, and stops by itself', async () => {
    const { code, out, err } = await start().ended;
    expect(err).not.toContain('NOT AS EXPECTED');
    expect(code).toBe(0);
    expect(out).toContain('20250118_corrupted.raw: FAILURE - S3 corruption detected (etag mismatch)');
    expect(err).toContain('Audit trail: 1 event');
    expect(await servers()).toEqual([]);
  }, 180_000);

  test.each([
    ['SIGTERM while the corpus is made', 'SIGTERM', CORPUS],
    ['Ctrl-C while it restores', 'SIGINT', RESTORE],
  ] as const)(
    'ends within seconds at a %s, and its servers with it',
    async (_name, signal, moment) => {
      const demo = start();
      await until(`the demo says ${moment}`, () => demo.said().includes(moment), 90_000);
      const running = await servers();
      expect(await Promise.all(running.map(stillRuns))).toEqual([true, true, true]);
      const killedAtMs = Date.now();
      demo.kill(signal);
      expect(await demo.ended).toMatchObject({ code: 130, signal: null });
      // The requirement is seconds; the restore alone would take some, a restore without a worker for ever.
      expect(Date.now() - killedAtMs).toBeLessThan(20_000);
      expect(await Promise.all(running.map(stillRuns))).toEqual([false, false, false]);
    },
    180_000,
  );
});
