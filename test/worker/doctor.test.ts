import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readRights } from '../../activities/stores/probe-mongo.js';
import { pollsFrom } from '../../worker/doctor-checks/alive.js';
import { checkEnvironment } from '../../worker/doctor-checks/environment.js';
import { exitCodeOf, fail, ok, warn } from '../../worker/doctor-checks/finding.js';
import { judgeMongo } from '../../worker/doctor-checks/mongo.js';
import { checkOutputFolder } from '../../worker/doctor-checks/output-folder.js';
import { renderJson, renderText } from '../../worker/doctor-checks/render.js';
import { judgeS3 } from '../../worker/doctor-checks/s3.js';
import { strikeSecrets } from '../../worker/doctor-checks/secrets.js';
import { checkSettingsFile } from '../../worker/doctor-checks/settings-file.js';

const good = ok({ name: 'Temporal', address: '127.0.0.1:7233' }, 'answers');
const odd = warn({ name: 'Worker', address: null }, 'no worker is polling', 'start one');
const settings = fail({ name: 'Environment', address: null }, 'settings', 'X: wrong', 'correct X');
const dead = fail(
  { name: 'MongoDB', address: 'mongodb://db' },
  'unreachable',
  'cannot be\nreached',
  'start it',
);
const refused = fail({ name: 'S3', address: null }, 'other', 'refuses', 'check');

describe('what is printed', () => {
  test('a finding is one line with its mark and address, and below a failure stands what to do', () => {
    expect(renderText([good, odd, dead])).toBe(
      [
        '✓ Temporal: 127.0.0.1:7233 – answers',
        '! Worker: no worker is polling',
        '    → start one',
        '✗ MongoDB: mongodb://db – cannot be reached',
        '    → start it',
        '',
        '1 of 3 checks failed.',
        '',
      ].join('\n'),
    );
  });

  test('the last line tells warnings from nothing at all', () => {
    expect(renderText([good, odd])).toMatch(/\nNothing failed; 1 to look at\.\n$/);
    expect(renderText([good])).toMatch(/\nAll is well\.\n$/);
  });

  test('programs get the same as JSON', () => {
    expect(JSON.parse(renderJson([good, dead]))).toMatchObject({
      ok: false,
      exit_code: 7,
      checks: [
        { name: 'Temporal', state: 'ok' },
        { name: 'MongoDB', state: 'fail', blame: 'unreachable', todo: 'start it' },
      ],
    });
  });

  test.each([
    [[good, odd], 0],
    [[good, dead], 7],
    [[dead, settings, refused], 2],
    [[refused, dead], 7],
    [[refused], 1],
  ])('exit code of case %#', (findings, code) => expect(exitCodeOf(findings)).toBe(code));

  test('secrets of the environment are struck out wherever they appear', () => {
    const env = {
      MONGODB_URI: 'mongodb://reader:p%40ssword@db:27017/',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI',
      TEMPORAL_API_KEY: 'key-123',
    };
    const leak = fail({ name: 'x', address: 'p@ssword' }, 'other', 'p%40ssword wJalrXUtnFEMI', 'not key-123');
    expect(strikeSecrets([leak], env)).toMatchObject([
      { address: '***', message: '*** ***', todo: 'not ***' },
    ]);
  });
});

describe('environment', () => {
  test('every mistake is listed, and the rest of the environment is still used', () => {
    const { findings, environment } = checkEnvironment({
      TRANSFER_SLOTS: 'many',
      RESTORE_TIMEOUT: '?',
      MONGODB_DB: 'other',
    });
    expect(findings.map(({ message }) => message.slice(0, 15))).toEqual([
      'RESTORE_TIMEOUT',
      'TRANSFER_SLOTS:',
    ]);
    expect(environment).toMatchObject({ MONGODB_DB: 'other', TRANSFER_SLOTS: 2 });
  });

  test('an address that may hold a password is not repeated', () => {
    const { findings } = checkEnvironment({ MONGODB_URI: 'mongo://reader:hunter22@db' });
    expect(renderText(findings)).not.toContain('hunter22');
  });
});

describe('settings file and output folder', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'doctor-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const checkText = async (text: string): Promise<string> => {
    const path = join(folder, 'settings.yaml');
    await writeFile(path, text);
    return renderText((await checkSettingsFile(path)).findings);
  };

  test('says which of unset, absent, no YAML or wrong it is', async () => {
    expect(renderText((await checkSettingsFile(undefined)).findings)).toContain('STOWAGE_CONFIG is not set');
    expect(renderText((await checkSettingsFile(join(folder, 'no'))).findings)).toContain('does not exist');
    expect(await checkText('a: [')).toContain('is not YAML');
    expect(await checkText('locations: { output: { absolute_path: relative } }')).toContain(
      'expected an absolute path',
    );
    expect(await checkText('locations: { output: { absolute_path: /data } }')).toContain('✓');
  });

  test('a writable folder is left as it was', async () => {
    const before = await readdir(folder);
    expect(renderText(await checkOutputFolder(folder))).toMatch(/writable, .* free/);
    expect(await readdir(folder)).toEqual(before);
  });

  test('a missing folder and a file in its place are failures with advice', async () => {
    expect(renderText(await checkOutputFolder(join(folder, 'gone')))).toContain('cannot be written (ENOENT)');
    await writeFile(join(folder, 'file'), '');
    expect(renderText(await checkOutputFolder(join(folder, 'file')))).toContain('is not a folder');
  });
});

describe('MongoDB', () => {
  const info = (actions: readonly string[], db: string) => ({
    authenticatedUsers: [{ user: 'u' }],
    authenticatedUserPrivileges: [{ resource: { db, collection: '' }, actions }],
  });

  test('rights are read from connectionStatus', () => {
    expect(readRights(info(['find', 'listIndexes'], 'krakendb'), 'krakendb')).toEqual({ kind: 'read-only' });
    expect(readRights(info(['find', 'insert'], 'krakendb'), 'krakendb')).toEqual({
      kind: 'writes',
      actions: ['insert'],
    });
    expect(readRights(info(['update'], ''), 'krakendb')).toEqual({ kind: 'writes', actions: ['update'] });
    expect(readRights(info(['insert'], 'elsewhere'), 'krakendb')).toEqual({ kind: 'read-only' });
    expect(readRights({ authenticatedUsers: [] }, 'krakendb')).toEqual({ kind: 'open' });
    expect(readRights({}, 'krakendb')).toEqual({ kind: 'unknown' });
  });

  test('a user that may write is a warning, not a failure', () => {
    const rights = { kind: 'writes', actions: ['insert'] } as const;
    const findings = judgeMongo(
      { kind: 'answers', hasDocuments: true, sampleS3Path: null, rights },
      'mongodb://db',
      'k',
    );
    expect(findings.map(({ state }) => state)).toEqual(['ok', 'warn']);
  });
});

describe('S3', () => {
  const answer = { kind: 'answers', buckets: 1, bucket: 'there', clockSkewMs: 900 } as const;

  test('an answer without more is well', () => {
    expect(judgeS3(answer, 'http://s3', 'b').map(({ state }) => state)).toEqual(['ok', 'ok']);
  });

  test('a clock more than a minute off is told', () => {
    const text = renderText(judgeS3({ ...answer, clockSkewMs: 120_000 }, 'http://s3', 'b'));
    expect(text).toContain('! Clock: http://s3 – this machine is 120 s behind S3');
  });

  test.each([
    ['InvalidAccessKeyId', 'correct AWS_ACCESS_KEY_ID'],
    ['SignatureDoesNotMatch', 'correct AWS_SECRET_ACCESS_KEY'],
    ['RequestTimeTooSkewed', 'set the clock'],
  ])('%s is answered with what to do', (code, todo) => {
    const [finding] = judgeS3({ kind: 'refused', code, message: code, clockSkewMs: null }, 'http://s3', null);
    expect(finding).toMatchObject({ state: 'fail', blame: 'other', todo: expect.stringContaining(todo) });
  });
});

describe('alive', () => {
  test('only a worker of this host that polled lately counts', () => {
    const now = 1_000_000;
    const pollers = [
      { identity: '17@host-a', lastPollMs: now - 60_000 },
      { identity: '18@host-b', lastPollMs: now - 240_000 },
    ];
    expect(pollsFrom('host-a', pollers, now)).toBe(true);
    expect(pollsFrom('host-b', pollers, now)).toBe(false);
    expect(pollsFrom('host', pollers, now)).toBe(false);
  });
});
