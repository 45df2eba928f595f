import { describe, expect, test } from '@jest/globals';
import { parseEnvironment, parseSettingsFile } from '../../core/settings.js';

describe('the environment', () => {
  const problemsOf = (env: Readonly<Record<string, string>>): readonly string[] => {
    const parsed = parseEnvironment(env);
    return parsed.ok ? [] : parsed.message.split('\n');
  };

  test('may be empty: every setting has a default or may be absent', () => {
    expect(parseEnvironment({})).toEqual({
      ok: true,
      value: {
        STOWAGE_ZIP_DB: 'stowage',
        ZIP_MAX_BYTES: 104_857_600,
        ZIP_MAX_FILES: 50,
        ZIP_TTL: 3_600_000,
        ZIP_WAIT: 110_000,
        PORT: 8080,
        HOST: '127.0.0.1',
        API_RATE_PER_MINUTE: 100,
        API_STREAMS_PER_USER: 10,
        API_DOWNLOADS_PER_USER: 8,
        API_JOBS_PER_USER: 5,
        TEMPORAL_ADDRESS: '127.0.0.1:7233',
        TEMPORAL_NAMESPACE: 'default',
        STOWAGE_TASK_QUEUE: 'stowage',
        MONGODB_URI: 'mongodb://127.0.0.1:27017',
        MONGODB_DB: 'krakendb',
        RESTORE_TIMEOUT: 12 * 3_600_000,
        RESTORE_RETRIES: 2,
        RESTORE_RETRY_DELAY: 5 * 60_000,
        TRANSFER_SLOTS: 2,
        TRANSFER_ENGINE: 'http',
        TRANSFER_STALL_TIMEOUT: 30_000,
        TRANSFER_PARALLEL_PARTS: 4,
        LOG_LEVEL: 'info',
      },
    });
  });

  test('an empty variable counts as absent', () => {
    expect(parseEnvironment({ RESTORE_TIMEOUT: '', MONGODB_URI: '', AWS_REGION: undefined })).toEqual(
      parseEnvironment({}),
    );
  });

  test('of other programs is left alone', () => {
    expect(parseEnvironment({ PATH: '/bin', HOME: '/root' })).toEqual(parseEnvironment({}));
  });

  test('durations become milliseconds and counts numbers', () => {
    const parsed = parseEnvironment({ RESTORE_TIMEOUT: '90m', RESTORE_RETRIES: '0', TRANSFER_SLOTS: '64' });
    expect(parsed.ok && parsed.value).toMatchObject({
      RESTORE_TIMEOUT: 5_400_000,
      RESTORE_RETRIES: 0,
      TRANSFER_SLOTS: 64,
    });
  });

  test('all mistakes are listed at once, each with the variable’s name and what is expected', () => {
    expect(
      problemsOf({
        MONGODB_URI: 'localhost:27017',
        AWS_ENDPOINT_URL_S3: 'not an address',
        RESTORE_TIMEOUT: '12 hours',
        RESTORE_RETRIES: '-1',
        RESTORE_RETRY_DELAY: '0s',
        TRANSFER_SLOTS: '0',
        TRANSFER_ENGINE: 'ftp',
        TRANSFER_PARALLEL_PARTS: '65',
        LOG_LEVEL: 'loud',
      }),
    ).toEqual([
      'MONGODB_URI: expected a MongoDB address such as mongodb://reader:password@host:27017/?authSource=krakendb',
      'AWS_ENDPOINT_URL_S3: expected an address such as https://objectstore.example.org',
      'RESTORE_TIMEOUT: expected a duration such as 30s, 5m or 12h, found "12 hours"',
      'RESTORE_RETRIES: expected a whole number from 0 to 100, found "-1"',
      'RESTORE_RETRY_DELAY: expected a duration such as 30s, 5m or 12h, found "0s"',
      'TRANSFER_SLOTS: expected a whole number from 1 to 64, found "0"',
      'TRANSFER_ENGINE: expected http or sdk',
      'TRANSFER_PARALLEL_PARTS: expected a whole number from 1 to 64, found "65"',
      'LOG_LEVEL: expected trace, debug, info, warn or error',
    ]);
  });

  test.each(['1.5', '2x', '1e1', ' 2', '0x2'])('%j is not a whole number', (text) => {
    expect(problemsOf({ TRANSFER_SLOTS: text })).toHaveLength(1);
  });

  test('secrets are never repeated in a message', () => {
    const secret = 'hunter2';
    const message = problemsOf({
      MONGODB_URI: `mongo://reader:${secret}@host`,
      AWS_ENDPOINT_URL_S3: `no address ${secret}`,
      AWS_SECRET_ACCESS_KEY: secret,
      TEMPORAL_API_KEY: secret,
    }).join('\n');
    expect(message).toContain('MONGODB_URI');
    expect(message).not.toContain(secret);
  });
});

describe('the settings file', () => {
  const accepted = (document: unknown) => {
    const parsed = parseSettingsFile(document);
    if (!parsed.ok) throw new Error(parsed.message);
    return parsed.value;
  };
  const problem = (document: unknown): string => {
    const parsed = parseSettingsFile(document);
    return parsed.ok ? 'accepted' : parsed.message;
  };
  const output = { output: { absolute_path: '/fs/pool/output' } };

  test('needs the output location only', () => {
    expect(accepted({ locations: output })).toEqual({
      outputRoot: '/fs/pool/output',
      subfolder: null,
      fallbackProject: null,
      keepCorrupted: false,
      region: null,
    });
  });

  test('of the catalogue’s own program is read, and its other keys are ignored', () => {
    const document = {
      locations: { ...output, backup: { absolute_path: 7 }, instruments: { test1: { username: 'x' } } },
      backup: { backup_type: 's3', s3: { region: 'eu-central-1', bucket_prefix: 'alphakraken' } },
      restore: { subfolder: 's3_downloads/', fallback_project: '_FALLBACK', keep_corrupted: true, more: 1 },
      databases: null,
    };
    expect(accepted(document)).toEqual({
      outputRoot: '/fs/pool/output',
      subfolder: 's3_downloads',
      fallbackProject: '_FALLBACK',
      keepCorrupted: true,
      region: 'eu-central-1',
    });
  });

  test('keys that are there without a value count as absent', () => {
    const nothing = { subfolder: null, fallback_project: null, keep_corrupted: null };
    expect(accepted({ locations: output, backup: { s3: null }, restore: nothing })).toEqual(
      accepted({ locations: output }),
    );
    expect(accepted({ locations: output, backup: { s3: { region: null } }, restore: null })).toEqual(
      accepted({ locations: output }),
    );
  });

  test('an empty subfolder and an empty fallback project are none', () => {
    const empty = { subfolder: '', fallback_project: '' };
    expect(accepted({ locations: output, restore: empty })).toEqual(accepted({ locations: output }));
  });

  test.each([
    ['/fs/pool/output/', '/fs/pool/output'],
    ['/fs//', '/fs'],
    ['/', '/'],
  ])('the output location %s is %s', (path, outputRoot) => {
    expect(accepted({ locations: { output: { absolute_path: path } } }).outputRoot).toBe(outputRoot);
  });

  test('all mistakes are listed at once, each with its key', () => {
    const wrong = {
      locations: { output: { absolute_path: 'fs/pool' } },
      restore: { subfolder: '../up', keep_corrupted: 'yes' },
    };
    expect(problem(wrong).split('\n')).toEqual([
      'locations.output.absolute_path: expected an absolute path such as /fs/pool/output',
      'restore.subfolder: expected a relative folder without ".."',
      'restore.keep_corrupted: expected true or false',
    ]);
  });

  test.each(['/abs', '..', 'a/..', 'a/../b', '../a'])('refuses the subfolder %s', (subfolder) => {
    expect(problem({ locations: output, restore: { subfolder } })).toBe(
      'restore.subfolder: expected a relative folder without ".."',
    );
  });

  test.each([
    ['an empty file', null],
    ['no output', { locations: {} }],
    ['no path', { locations: { output: {} } }],
    ['a text', 'locations'],
  ])('without an output location says where it is missing: %s', (_, document) => {
    expect(problem(document)).toMatch(/^(settings|locations(\.output(\.absolute_path)?)?): \S/);
  });
});
