import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createColors } from 'picocolors';
import type { JobEnding } from '../../client/job.js';
import { currentLines, progressLine, renderEnding, renderState } from '../../client/render.js';
import { wantsColors } from '../../client/surroundings.js';
import { FAILED_RESULT, PREVIEW, PROGRESS, RESULT, STATE } from './fake-world.js';

const PLAIN = createColors(false);
const golden = (name: string): string =>
  readFileSync(new URL(`../../../test/golden/${name}`, import.meta.url), 'utf8');
const rendered = (ending: JobEnding): string => renderEnding(STATE, ending, PLAIN);

describe('progress', () => {
  test('is one line', () => {
    expect(progressLine(PROGRESS)).toBe(
      '37/112 files · 412.0 GB of 1.3 TB · 96.0 MB/s · ETA 2:41:00 · 1 failed',
    );
  });

  test('leaves out what is not known or did not happen', () => {
    const quiet = { ...PROGRESS, rate_bytes_per_s: 0, eta_s: null, files_failed: 0 };
    expect(progressLine(quiet)).toBe('37/112 files · 412.0 GB of 1.3 TB');
  });

  test.each([
    ['planning', 'planning: reading the catalogue'],
    ['paused', 'paused · 37/112 files · 412.0 GB of 1.3 TB · 96.0 MB/s · ETA 2:41:00 · 1 failed'],
    [
      'reporting',
      '37/112 files · 412.0 GB of 1.3 TB · 96.0 MB/s · ETA 2:41:00 · 1 failed · writing the report',
    ],
  ] as const)('says that it is %s', (phase, line) => {
    expect(progressLine({ ...PROGRESS, phase })).toBe(line);
  });

  test('names the files in flight, and no terminal obeys their names', () => {
    const [first] = PROGRESS.current;
    const evil = { raw_file_id: 'a', file: '\u001b[2Jx', state: 'verify', bytes_done: 0, bytes_total: 0 };
    expect(currentLines({ ...PROGRESS, current: [first!, evil] })).toEqual([
      '  download      43%  x.d/analysis.tdf',
      '  verify             \\x1b[2Jx',
    ]);
  });
});

describe('an ending', () => {
  test.each([
    ['cli-success.txt', { kind: 'completed', result: RESULT }],
    ['cli-partial-failure.txt', { kind: 'incomplete', result: FAILED_RESULT, message: '1 of 7' }],
    ['cli-dry-run.txt', { kind: 'completed', result: PREVIEW }],
  ] as const)('reads as in %s', (file, ending) => {
    expect(rendered(ending)).toBe(golden(file));
  });

  test.each<readonly [JobEnding, string]>([
    [{ kind: 'cancelled', result: null }, 'CANCELLED'],
    [{ kind: 'terminated', message: 'by hand' }, 'TERMINATED: by hand'],
    [{ kind: 'failed', type: 'Error', message: 'boom\u001b[0m' }, 'FAILED: boom\\x1b[0m (Error)'],
    [
      { kind: 'incomplete', result: FAILED_RESULT, message: 'Stopped at the time limit. 1 failed' },
      'DEADLINE: the time limit of the job ended it before it was done',
    ],
  ])('%j has a headline', (ending, headline) => {
    expect(rendered(ending).split('\n')[0]).toBe(headline);
  });

  test('without a report file shows the report itself', () => {
    const unwritten_reports = [{ destination: '/fs/out', problem: 'EROFS', text: 'S3 Download\nTotal: 1\n' }];
    const text = rendered({
      kind: 'incomplete',
      result: { ...FAILED_RESULT, reports: [], unwritten_reports },
      message: '',
    });
    expect(text).toContain(
      'The report for /fs/out could not be written (EROFS); this is its text:\nS3 Download\nTotal: 1\n',
    );
  });

  test('proposes no command line that a shell would read differently', () => {
    const failures = [{ raw_file_id: 'a; rm -rf /', file: null, status: 'RawFile not found in DB' }];
    const text = rendered({ kind: 'incomplete', result: { ...FAILED_RESULT, failures }, message: '' });
    expect(text).toContain('Try again: run the same command; files that are right are skipped');
  });

  test('says how many failures are left out', () => {
    const result = { ...FAILED_RESULT, failures_omitted: 41 };
    expect(rendered({ kind: 'incomplete', result, message: '' })).toContain(
      '  … and 41 more: see the report\n',
    );
  });

  test('is coloured where colours are wanted', () => {
    expect(renderEnding(STATE, { kind: 'completed', result: RESULT }, createColors(true))).toContain(
      '\u001b[32mSUCCESS',
    );
  });
});

describe('the state of a job', () => {
  const nowMs = STATE.startedAtMs + 65_000;

  test('that runs', () => {
    expect(renderState(STATE, PROGRESS, nowMs)).toBe(
      [
        'job-1: running (restore, started 2025-02-04 14:30:22 UTC)',
        'running for 1:05',
        '37/112 files · 412.0 GB of 1.3 TB · 96.0 MB/s · ETA 2:41:00 · 1 failed',
        '  download      43%  x.d/analysis.tdf\n',
      ].join('\n'),
    );
  });

  test('that runs without a worker', () => {
    expect(renderState(STATE, null, nowMs)).toMatch(/running for 1:05\nno answer from a worker\n$/);
  });

  test('that has ended', () => {
    expect(renderState({ ...STATE, status: 'failed', endedAtMs: nowMs }, null, nowMs + 9)).toBe(
      'job-1: failed (restore, started 2025-02-04 14:30:22 UTC)\nended 2025-02-04 14:31:27 UTC after 1:05; its result: stowage watch job-1\n',
    );
  });
});

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ CI: 'true' }, undefined, false],
  [{ TERM: 'dumb' }, true, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
])('colours with %j, terminal %s: %s', (env, isTty, colours) => {
  expect(wantsColors(env, isTty)).toBe(colours);
});
