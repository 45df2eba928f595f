import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { earlierStack } from '../../dev/serving/earlier-stack.js';
import { identify, type ProcessIdentity } from '../../dev/serving/process-identity.js';
import { readRecord, writeRecord, type StackRecord } from '../../dev/serving/record.js';

const servers = {
  temporal: { address: '127.0.0.1:1', namespace: 'default', uiUrl: null, httpAddress: null },
  s3: { endpoint: 'http://127.0.0.1:1', region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'secret' },
  mongo: { uri: 'mongodb://127.0.0.1:1' },
};
const gone: ProcessIdentity = { pid: 2 ** 22 + 1, commandLine: 'node gone' };

let dataDir: string;
let child: ChildProcess;
let said: string[];
const wishes = { reuse: true, env: {}, say: (line: string) => void said.push(line) };

beforeEach(async () => {
  said = [];
  dataDir = await mkdtemp(join(tmpdir(), 'stowage-earlier-'));
  child = spawn('sleep', ['30'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
});

afterEach(async () => {
  child.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

async function childIdentity(): Promise<ProcessIdentity> {
  return identify(child.pid ?? 0);
}

function recordOf(part: Partial<StackRecord>): Promise<void> {
  return writeRecord(dataDir, { owner: gone, servers, origins: [], processes: [], ...part });
}

describe('after a stack whose process was killed', () => {
  test('a server it left running is ended', async () => {
    const orphan = await childIdentity();
    await recordOf({ processes: [orphan] });
    const ended = once(child, 'exit');
    expect(await earlierStack(dataDir, wishes)).toBeUndefined();
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(said).toEqual([`ending process ${orphan.pid}, left over from an earlier start: sleep 30`]);
  });

  test('a process that only has the same number stays alone', async () => {
    const { pid } = await childIdentity();
    await recordOf({ processes: [{ pid, commandLine: 'temporal server start-dev' }] });
    expect(await earlierStack(dataDir, wishes)).toBeUndefined();
    expect(child.exitCode ?? child.signalCode).toBeNull();
    expect(said).toEqual([]);
  });

  test('its record goes', async () => {
    await recordOf({});
    await earlierStack(dataDir, wishes);
    expect(await readRecord(dataDir)).toBeUndefined();
  });

  test('a record that cannot be read counts as none', async () => {
    await writeFile(join(dataDir, 'servers.json'), '{"owner":');
    expect(await earlierStack(dataDir, wishes)).toBeUndefined();
  });
});

describe('while another process runs a stack on the folder', () => {
  const inUse = (pid: number | undefined, why: string) =>
    `The data folder ${dataDir} is in use by process ${pid} (sleep 30), ${why}. End it, or choose another folder.`;

  test('servers of one’s own are refused', async () => {
    await recordOf({ owner: await childIdentity() });
    await expect(earlierStack(dataDir, { ...wishes, reuse: false })).rejects.toThrow(
      inUse(child.pid, 'and servers of its own are wanted here'),
    );
  });

  test('servers that do not answer are not joined', async () => {
    await recordOf({ owner: await childIdentity() });
    await expect(earlierStack(dataDir, wishes)).rejects.toThrow(
      inUse(child.pid, 'and its servers do not all answer'),
    );
  });

  test('a server named in the environment must be the one it uses', async () => {
    await recordOf({ owner: await childIdentity() });
    const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', MONGODB_URI: 'mongodb://elsewhere' };
    await expect(earlierStack(dataDir, { ...wishes, env })).rejects.toThrow(
      inUse(child.pid, 'and MONGODB_URI names another server than it uses'),
    );
  });
});
