/** The catalogue of refusals (client/api/problems.ts) beside that of failures (core/failures.ts): they say the same. */
import { expect, test } from '@jest/globals';
import { PROBLEMS } from '../../client/api/problems.js';
import { problemOfZip } from '../../client/api/zip-ending.js';
import { FAILURES } from '../../core/failures.js';
import type { ZipFailureType } from '../../core/zip-contract.js';
import { failed } from './api-world.js';

/** The API has checked the input of its own jobs: the worker's refusal is not the caller's fault. */
const EXPECTED: Readonly<Record<ZipFailureType, number>> = {
  InvalidInput: 500,
  NotFound: FAILURES.NotFound.httpStatus,
  TooLarge: FAILURES.TooLarge.httpStatus,
  StorageError: FAILURES.StorageError.httpStatus,
  ZipError: FAILURES.ZipError.httpStatus,
};

test.each(Object.entries(EXPECTED))('a ZIP that failed with %s is answered with %d', (type, status) => {
  const { refusal, statusCode } = problemOfZip(failed(type) as Parameters<typeof problemOfZip>[0]);
  expect([statusCode, PROBLEMS[refusal.code].status]).toEqual([status, status]);
});

test('types and reasons that nobody knows, or that every object has, are failures of the ZIP', () => {
  for (const name of ['Surprise', 'constructor', ''])
    expect(problemOfZip(failed(name, name) as Parameters<typeof problemOfZip>[0]).refusal.code).toBe('zip');
});
