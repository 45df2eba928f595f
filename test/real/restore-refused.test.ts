import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { noise } from '../../dev/corpus.js';
import { endOf, openLab } from '../support/lab.js';
import type { Lab, LabOptions } from '../support/lab.js';
import { startWorkerProcess } from '../support/processes.js';
import { readRestored } from '../support/run-restore.js';

describe('servers that do not let a restore in', () => {
  const labs: Lab[] = [];
  afterEach(async () => {
    for (const lab of labs.splice(0)) await lab.close();
  });
  async function open(options: LabOptions): Promise<Lab> {
    const lab = await openLab(options);
    labs.push(lab);
    return lab;
  }

  test('S3 that denies access is asked once for each file, and a local file is left alone', async () => {
    const lab = await open({ worker: false });
    const project = lab.project('denied');
    await lab.corpus.add({
      id: 'denied',
      project,
      files: { 'd.raw': noise(999, 'd'), 'e.raw': noise(999, 'e') },
    });
    await lab.write(`${project}/d.raw`, 'wrong, but S3 is the broken side');
    const secret = 'a-wrong-secret-that-nobody-may-see';
    const worker = await startWorkerProcess(lab, { AWS_SECRET_ACCESS_KEY: secret, LOG_LEVEL: 'trace' });
    const { failure, files, reports } = await readRestored(await endOf(await lab.start('denied')));
    expect(failure?.type).toBe('RestoreIncomplete');
    expect(files).toEqual({ 'd.raw': 'FAILURE - S3 access denied', 'e.raw': 'FAILURE - S3 access denied' });
    expect(reports[0]?.json.raw_files[0]?.files.map(({ attempts }) => attempts)).toEqual([1, 1]);
    expect(String(await lab.read(`${project}/d.raw`))).toBe('wrong, but S3 is the broken side');
    worker.kill('SIGTERM');
    const { code, out, err } = await worker.ended;
    expect(code).toBe(0);
    expect(`${out}${err}${reports[0]?.text}${JSON.stringify(reports[0]?.json)}`).not.toContain(secret);
  });

  test('a catalogue that cannot be reached fails the job with its address, and touches nothing', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const MONGODB_URI = `mongodb://reader:never-shown@127.0.0.1:${port}/`;
    const lab = await open({ env: { MONGODB_URI, RESTORE_RETRIES: '0' } });
    const { failure } = await lab.restore('any-raw-file');
    expect(failure).toMatchObject({ type: 'CatalogueUnavailable' });
    expect(failure?.message).toContain(`127.0.0.1:${port} (MONGODB_URI)`);
    expect(failure?.message).not.toContain('never-shown');
    expect(await lab.tree()).toEqual([]);
  });
});
