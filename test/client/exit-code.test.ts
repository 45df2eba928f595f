import { describe, expect, test } from '@jest/globals';
import { exitCodeOfEnding, exitCodeOfProblem } from '../../client/exit-code.js';
import type { JobEnding } from '../../client/job.js';
import type { ProblemKind } from '../../client/problem.js';
import { FAILED_RESULT, PREVIEW, RESULT } from './fake-world.js';

const late = (status: string): JobEnding => ({
  kind: 'incomplete',
  message: '1 of 7 files failed',
  result: { ...FAILED_RESULT, failures: [{ raw_file_id: 'a', file: 'b', status }] },
});

const ENDINGS: readonly (readonly [string, JobEnding, number])[] = [
  ['a success', { kind: 'completed', result: RESULT }, 0],
  ['a dry run, whatever it found', { kind: 'completed', result: PREVIEW }, 0],
  ['failed files', { kind: 'incomplete', result: FAILED_RESULT, message: '1 failed' }, 3],
  ['files that the deadline left', late('FAILURE - Not started (deadline)'), 6],
  ['a file that the deadline cut off', late('FAILURE - Interrupted (deadline)'), 6],
  ['a file that only names a deadline', late('FAILURE - Path collision (deadline).txt)'), 3],
  [
    'a deadline that only the message speaks of',
    {
      kind: 'incomplete',
      result: FAILED_RESULT,
      message: 'Stopped at the time limit. 400 of 500 files failed',
    },
    6,
  ],
  ['a cancel with a report', { kind: 'cancelled', result: FAILED_RESULT }, 130],
  ['a cancel without a report', { kind: 'cancelled', result: null }, 130],
  ['a termination', { kind: 'terminated', message: 'by hand' }, 130],
  ["Temporal's own time limit", { kind: 'timed_out', message: 'timed out' }, 6],
  ['an invalid input', { kind: 'failed', type: 'InvalidInput', message: 'raw_file_ids: …' }, 2],
  [
    'a catalogue that cannot be read',
    { kind: 'failed', type: 'CatalogueUnavailable', message: 'no mongo' },
    7,
  ],
  ['a failure that nobody knows', { kind: 'failed', type: 'toString', message: 'boom' }, 1],
];

const PROBLEMS: readonly (readonly [ProblemKind, number])[] = [
  ['usage', 2],
  ['already-running', 2],
  ['not-found', 5],
  ['denied', 5],
  ['unreachable', 7],
  ['no-worker', 7],
  ['internal', 1],
];

describe('exit codes', () => {
  test.each(ENDINGS)('%s', (_what, ending, code) => {
    expect(exitCodeOfEnding(ending)).toBe(code);
  });

  test.each(PROBLEMS)('a problem of the kind %s exits with %i', (kind, code) => {
    expect(exitCodeOfProblem(kind)).toBe(code);
  });
});
