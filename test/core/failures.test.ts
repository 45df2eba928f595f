import { describe, expect, test } from '@jest/globals';
import { FAILURES } from '../../core/failures.js';
import { transferQueue } from '../../core/contract.js';

describe('the failures of a whole job', () => {
  test('keep the names that the contract gives them', () => {
    expect(Object.keys(FAILURES)).toEqual(expect.arrayContaining(['InvalidInput', 'RestoreIncomplete']));
  });

  test.each(Object.entries(FAILURES))('%s has a sentence and an exit code of the contract', (_, failure) => {
    expect(failure.sentence).toMatch(/^[A-Z].*[a-zA-Z]$/);
    expect([1, 2, 3, 5, 6, 7]).toContain(failure.exitCode);
  });

  test('invalid input and a finished job with failures are never tried again', () => {
    expect([FAILURES.InvalidInput.retryable, FAILURES.RestoreIncomplete.retryable]).toEqual([false, false]);
    expect([FAILURES.InvalidInput.exitCode, FAILURES.RestoreIncomplete.exitCode]).toEqual([2, 3]);
  });
});

test('transfers have a queue beside the job’s own', () => {
  expect(transferQueue('stowage')).toBe('stowage-transfer');
});
