import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { probeS3 } from '../../activities/stores/probe-s3.js';
import { exitCodeOf, type Finding } from '../../worker/doctor-checks/finding.js';
import { renderText } from '../../worker/doctor-checks/render.js';
import { examine, examineWorker } from '../../worker/doctor.js';
import { STOWAGE, startProcess } from '../support/processes.js';

let folder = '';
let env: Readonly<Record<string, string | undefined>> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-'));
  const config = join(folder, 'settings.yaml');
  await writeFile(config, `locations: { output: { absolute_path: ${JSON.stringify(folder)} } }\n`);
  env = { ...process.env, STOWAGE_CONFIG: config, STOWAGE_TASK_QUEUE: `doctor-${process.pid}` };
});
afterAll(() => rm(folder, { recursive: true }));

const states = (findings: readonly Finding[], name: string): readonly string[] =>
  findings.filter((finding) => finding.name === name).map(({ state }) => state);

/** A port on which nothing listens: it was free a moment ago. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('real servers pass, and a queue without a worker is a warning', async () => {
  const findings = await examine(env);
  expect(renderText(findings)).not.toContain('✗');
  expect(exitCodeOf(findings)).toBe(0);
  for (const name of ['Environment', 'Settings file', 'Output folder', 'Temporal', 'S3'])
    expect([name, states(findings, name)]).toEqual([name, ['ok']]);
  expect(states(findings, 'Worker')).toEqual(['warn']);
  expect(states(findings, 'MongoDB')).toHaveLength(1);
});

test('a namespace that does not exist is a wrong setting', async () => {
  const findings = await examine({ ...env, TEMPORAL_NAMESPACE: 'no-such-namespace' });
  expect(renderText(findings)).toContain('namespace no-such-namespace does not exist');
  expect(exitCodeOf(findings)).toBe(2);
});

test('a worker whose namespace does not exist says so and ends, instead of waiting for tasks that never come', async () => {
  const worker = startProcess(process.execPath, [STOWAGE, 'worker'], {
    env: { STOWAGE_CONFIG: env['STOWAGE_CONFIG'] ?? '', TEMPORAL_NAMESPACE: 'no-such-namespace' },
  });
  const { code, err } = await worker.ended;
  expect(code).toBe(1);
  expect(err).toContain('no-such-namespace');
}, 60_000);

test('a wrong S3 secret is refused with what to do, and is not printed', async () => {
  const secret = 'not-the-secret-of-anybody';
  const text = await withProcessVariable('AWS_SECRET_ACCESS_KEY', secret, async () =>
    renderText(await examine({ ...env, AWS_SECRET_ACCESS_KEY: secret })),
  );
  expect(text).toContain('✗ S3:');
  expect(text).toContain('correct AWS_SECRET_ACCESS_KEY');
  expect(text).not.toContain(secret);
});

/** The SDK reads credentials from the process itself. */
async function withProcessVariable<T>(name: string, value: string, run: () => Promise<T>): Promise<T> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return await run();
  } finally {
    process.env[name] = before;
  }
}

test('dead ports are named with their address, all at once, and end with 7', async () => {
  const port = await deadPort();
  const findings = await examine(
    {
      ...env,
      TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
      MONGODB_URI: `mongodb://reader:hunter22@127.0.0.1:${port}/`,
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    },
    1_000,
  );
  const text = renderText(findings);
  expect(findings.filter(({ blame }) => blame === 'unreachable').map(({ name }) => name)).toEqual([
    'Temporal',
    'MongoDB',
    'S3',
  ]);
  expect(text.match(new RegExp(`:${port}`, 'g'))?.length).toBeGreaterThanOrEqual(3);
  expect(text).not.toContain('hunter22');
  expect(exitCodeOf(findings)).toBe(7);
});

test('S3 is asked for the bucket that the catalogue names', async () => {
  const target = {
    region: env['AWS_REGION'] ?? 'us-east-1',
    endpoint: env['AWS_ENDPOINT_URL_S3'] ?? null,
    timeoutMs: 5_000,
  };
  const answer = await probeS3({ ...target, bucket: 'no-such-bucket' });
  expect(answer).toMatchObject({ kind: 'answers', bucket: 'missing' });
  expect(answer.kind === 'answers' && Math.abs(answer.clockSkewMs ?? Infinity) < 60_000).toBe(true);
});

test('a host without a worker is not alive, and a dead server is told from that', async () => {
  expect(exitCodeOf(await examineWorker(env))).toBe(1);
  expect(
    exitCodeOf(await examineWorker({ ...env, TEMPORAL_ADDRESS: `127.0.0.1:${await deadPort()}` }, 500)),
  ).toBe(7);
});
