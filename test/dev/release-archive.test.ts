import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { releaseArchive } from '../../dev/obtaining/release-archive.js';
import { freePort } from '../../dev/serving/ports.js';

let home: string;
let target: string;
let server: Server;
const say = () => undefined;

/** As the makers pack it: in a folder named after the release. */
async function archiveWith(name: string): Promise<Buffer> {
  await mkdir(join(home, 'gadget_v1'));
  await writeFile(join(home, 'gadget_v1', name), 'the program');
  execFileSync('tar', ['-czf', 'gadget.tar.gz', 'gadget_v1'], { cwd: home });
  return readFile(join(home, 'gadget.tar.gz'));
}

async function serve(archive: Buffer): Promise<string> {
  server.on('request', (request, response) => {
    response.statusCode = request.url === '/gadget.tar.gz' ? 200 : 404;
    response.end(archive);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stowage-archive-'));
  target = await mkdtemp(join(home, 'target-'));
  server = createServer();
});

afterEach(async () => {
  server.close();
  await rm(home, { recursive: true, force: true });
});

test('the program is found wherever the archive has it', async () => {
  const url = `${await serve(await archiveWith('gadget'))}/gadget.tar.gz`;
  expect(await releaseArchive('gadget', url).make(target, say)).toBe(`downloaded from ${url}`);
  expect(await readFile(join(target, 'bin', 'gadget'), 'utf8')).toBe('the program');
});

test('an archive without the program is refused', async () => {
  const url = `${await serve(await archiveWith('README'))}/gadget.tar.gz`;
  await expect(releaseArchive('gadget', url).make(target, say)).rejects.toThrow(
    'the archive holds no file named gadget',
  );
});

test('a release that is not there is named with the answer', async () => {
  const url = `${await serve(await archiveWith('gadget'))}/gadget_v2.tar.gz`;
  await expect(releaseArchive('gadget', url).make(target, say)).rejects.toThrow(`${url} answered 404`);
});

test('a host that does not answer is named at once', async () => {
  const host = `127.0.0.1:${await freePort()}`;
  await expect(releaseArchive('gadget', `http://${host}/gadget.tar.gz`).make(target, say)).rejects.toThrow(
    `${host} does not answer (connect ECONNREFUSED ${host})`,
  );
});
