import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { RestoreResult } from '../../core/contract.js';
import { noise } from '../../dev/corpus.js';
import { endOf, openLab } from '../support/lab.js';
import type { Lab, LabOptions } from '../support/lab.js';
import { startWorkerProcess, stowage } from '../support/processes.js';
import { readRestored } from '../support/run-restore.js';
import { until } from '../support/until.js';

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

  test('a catalogue that cannot be reached fails the job with its address, and a report says what was not begun', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const MONGODB_URI = `mongodb://reader:never-shown@127.0.0.1:${port}/`;
    const lab = await open({ env: { MONGODB_URI, RESTORE_RETRIES: '0' } });
    const handle = await lab.start('one,other');
    const { failure, reports, rawFiles } = await readRestored(await endOf(handle));
    expect(failure).toMatchObject({ type: 'CatalogueUnavailable' });
    expect(failure?.message).toContain(`127.0.0.1:${port} (MONGODB_URI)`);
    expect(failure?.message).toContain(`(report: ${reports[0]?.path})`);
    expect(`${failure?.message}${reports[0]?.text}`).not.toContain('never-shown');
    const error = expect.stringMatching(/^Not started \(No MongoDB at 127\.0\.0\.1:\d+ \(MONGODB_URI\)/);
    expect(rawFiles).toMatchObject([
      { id: 'one', error },
      { id: 'other', error },
    ]);
    expect(await lab.tree()).toHaveLength(2);
    const watched = await stowage(lab, ['report', handle.workflowId]);
    expect([watched.code, watched.out]).toEqual([0, reports[0]?.text]);
  });

  test('a catalogue that never answers does not hold up a cancel; the report says that nothing was begun', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const MONGODB_URI = `mongodb://127.0.0.1:${port}/?serverSelectionTimeoutMS=600000&connectTimeoutMS=600000`;
    const lab = await open({ env: { MONGODB_URI } });
    const handle = await lab.start('sample');
    await until('the catalogue is being asked', () => Promise.resolve(sockets.size > 0));
    const askedAtMs = Date.now();
    await handle.cancel();
    expect((await endOf(handle)).failure?.type).toBe('CancelledFailure');
    expect(Date.now() - askedAtMs).toBeLessThan(20_000);
    const { status, memo } = await handle.describe();
    expect(status.name).toBe('CANCELLED');
    const result = memo?.['result'] as RestoreResult;
    const { rawFiles, reports } = await readRestored({ failure: null, result });
    expect(rawFiles).toMatchObject([{ id: 'sample', error: 'Not started (cancelled)', files: {} }]);
    expect(reports[0]?.json.destination).toBe(lab.output);
    expect(await lab.tree()).toHaveLength(2);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  }, 60_000);
});
