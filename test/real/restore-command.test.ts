import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { bucketOf, noise } from '../../dev/corpus.js';
import { openLab } from '../support/lab.js';
import type { Lab } from '../support/lab.js';
import { stowage } from '../support/processes.js';
import { readReport } from '../support/run-restore.js';

describe('the command line on the real servers', () => {
  let lab: Lab;
  let project = '';
  beforeAll(async () => {
    lab = await openLab();
    project = lab.project('command');
    for (const id of ['cmd-a', 'cmd-b', 'cmd-bad'])
      await lab.corpus.add({ id, project, files: { [`${id}.raw`]: noise(2000, id) } });
    await lab.corpus.put(bucketOf(project), 'cmd-bad.raw', noise(2000, 'tampered'));
  });
  afterAll(() => lab.close());
  afterEach(async () => expect(await lab.strays()).toEqual([]));

  test('restores, prints one JSON document and nothing else on standard output, and ends with 0', async () => {
    const { code, out } = await stowage(lab, ['restore', 'cmd-a,cmd-b', '--json']);
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({
      outcome: 'completed',
      status: 'SUCCESS',
      files: 2,
      successful: 2,
    });
    expect(await lab.holds(`${project}/cmd-b.raw`, noise(2000, 'cmd-b'))).toBe(true);
  });

  test('reads ids from standard input', async () => {
    const { code, out } = await stowage(lab, ['restore', '-', '--json'], 'cmd-a\ncmd-b\n');
    expect([code, JSON.parse(out).files]).toEqual([0, 2]);
  });

  test('ends with 3 where something failed, and says what and where the report is', async () => {
    const { code, out } = await stowage(lab, ['restore', 'cmd-a', 'cmd-bad']);
    expect(code).toBe(3);
    expect(out).toContain('S3 corruption detected (etag mismatch)');
    const path = /\/\S+_download_status_batch_[\d_]+\.txt/.exec(out)?.[0] ?? '';
    expect((await readReport(path)).rawFiles.map(({ id }) => id)).toEqual(['cmd-a', 'cmd-bad']);
    expect(out).not.toContain('\u001b[');
    const json = await stowage(lab, ['restore', 'cmd-bad', '--json']);
    expect(json.code).toBe(3);
    expect(JSON.parse(json.out)).toMatchObject({
      outcome: 'incomplete',
      failed: 1,
      failures: [{ raw_file_id: 'cmd-bad', file: 'cmd-bad.raw' }],
    });
  });

  test('ends with 2 for what cannot be meant, and starts nothing', async () => {
    for (const args of [
      ['restore', 'ab'],
      ['restore'],
      ['restore', 'cmd-a', '--no-such-option'],
      ['frobnicate'],
    ]) {
      const { code, out, err } = await stowage(lab, args);
      expect([args, code, out]).toEqual([args, 2, '']);
      expect(err).not.toBe('');
    }
    const json = await stowage(lab, ['restore', 'ab', '--json']);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.out)).toMatchObject({ error: { type: 'usage' }, exit_code: 2 });
  });

  test('plans, verifies and selects as it is told', async () => {
    const plan = await stowage(lab, ['restore', 'cmd-a,cmd-bad', '--dry-run', '--json']);
    expect(plan.code).toBe(0);
    expect(JSON.parse(plan.out)).toMatchObject({ dry_run: true, problems: [{ raw_file_id: 'cmd-bad' }] });
    const verify = await stowage(lab, ['restore', 'cmd-a', '--verify-only', '--json']);
    expect([verify.code, JSON.parse(verify.out).bytes_downloaded]).toEqual([0, 0]);
    const none = await stowage(lab, ['restore', 'cmd-a', '--files', '*.mzML', '--json']);
    expect(none.code).toBe(2);
    expect(JSON.parse(none.out)).toMatchObject({ error: { type: 'InvalidInput' } });
  });

  test('starts a job and leaves; the job is watched, looked at and its report printed later', async () => {
    const started = await stowage(lab, ['restore', 'cmd-a', '--detach', '--id', `detached-${lab.unique}`]);
    expect([started.code, started.out]).toEqual([0, `detached-${lab.unique}\n`]);
    const id = started.out.trim();
    expect((await stowage(lab, ['watch', id])).code).toBe(0);
    const status = await stowage(lab, ['status', id, '--json']);
    expect([status.code, JSON.parse(status.out).status]).toEqual([0, 'completed']);
    const report = await stowage(lab, ['report', id]);
    expect(report.code).toBe(0);
    expect(report.out).toMatch(/^S3 Download Batch Status Report\n=+\n/);
    expect((await stowage(lab, ['status', 'no-such-job'])).code).toBe(5);
  });
});
