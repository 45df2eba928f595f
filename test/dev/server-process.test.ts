import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../dev/obtaining/lock.js';
import { startServer, type ServerCommand } from '../../dev/serving/server-process.js';

let folder: string;
let said: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-server-'));
  said = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function shell(script: string, isReady: () => Promise<boolean>): ServerCommand {
  const logFile = join(folder, 'logs', 'gadget.log');
  const say = (line: string) => void said.push(line);
  return { title: 'Gadget', command: '/bin/sh', args: ['-c', script], cwd: folder, logFile, isReady, say };
}

test('a server that ends at its start shows how it was started and the end of its log', async () => {
  const server = shell('echo "port is taken"; exit 3', async () => false);
  await expect(startServer(server)).rejects.toThrow(
    [
      'Gadget ended at its start (code 3).',
      'Started as: /bin/sh -c echo "port is taken"; exit 3',
      `Its log, ${server.logFile}, ends:`,
      'port is taken',
    ].join('\n'),
  );
  expect(said).toEqual([]);
});

test('a program that is not there is named', async () => {
  const server = { ...shell('', async () => false), command: join(folder, 'nothing') };
  await expect(startServer(server)).rejects.toThrow('Gadget could not be started: spawn');
});

test('stopping ends the whole process group, without a word', async () => {
  const server = await startServer(shell('sleep 30 & sleep 30', async () => true));
  await server.stop();
  await server.stop();
  expect(isAlive(server.pid)).toBe(false);
  expect(said).toEqual([]);
});

test('a server that ends by itself later is told of', async () => {
  const server = shell('sleep 0.2; exit 1', async () => true);
  const { pid } = await startServer(server);
  while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isAlive(pid)).toBe(false);
  expect(said).toEqual([`Gadget ended by itself (code 1); its log: ${server.logFile}`]);
});
