import type { Readable } from 'node:stream';
import { StoreProblem } from '../ports.js';

/**
 * A HEAD has no body, so its 404 does not say what is missing: a GET of one byte does. (HeadBucket would need the right to
 * list the bucket, and versitygw answers 404 to unknown access keys as well.)
 */
export async function reasonBehindMissing(
  problem: unknown,
  getByte: () => Promise<Readable>,
): Promise<unknown> {
  if (!isProblem(problem, 'missing')) return problem;
  try {
    (await getByte()).on('error', () => {}).destroy();
    return problem;
  } catch (other) {
    const tellsMore =
      !(other instanceof StoreProblem) || isProblem(other, 'bucket-missing') || isProblem(other, 'denied');
    return tellsMore ? other : problem;
  }
}

const isProblem = (error: unknown, code: StoreProblem['code']): boolean =>
  error instanceof StoreProblem && error.code === code;
