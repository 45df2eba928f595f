import { expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STOWAGE, startProcess } from './support/processes.js';

/** Runs one in an empty folder. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const cwd = await mkdtemp(join(tmpdir(), 'stowage-programs-'));
  const { code, out, err } = await startProcess(process.execPath, [STOWAGE, ...args], { env, cwd }).ended;
  await rm(cwd, { recursive: true });
  return { code, out, err };
}

test.each(['dev', 'worker', 'api', 'doctor'])(
  'stowage %s prints its help, and refuses what it does not know in one sentence, as a usage error',
  async (program) => {
    const [help, option, word] = await Promise.all(
      ['--help', '--nonsense', 'twice'].map((argument) => run([program, argument])),
    );
    const refused = (what: string) => ({
      code: 2,
      out: '',
      err: `${what}; see: stowage ${program} --help\n`,
    });
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help?.out).toMatch(new RegExp(`^Usage: stowage ${program}`));
    expect(option).toEqual(refused("Unknown option '--nonsense'"));
    expect(word).toEqual(refused("Unexpected argument 'twice'"));
  },
);

test('stowage dev says in a sentence why its servers do not start, and ends', async () => {
  const { code, out, err } = await run(['dev'], {
    TEMPORAL_ADDRESS: '127.0.0.1:9',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
    MONGODB_URI: 'mongodb://127.0.0.1:9',
  });
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain('TEMPORAL_ADDRESS names 127.0.0.1:9, and nothing answers there. Start that server');
  expect(err).not.toContain('    at ');
});
