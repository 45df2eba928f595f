import { StoreProblem, type ObjectAddress } from '../ports.js';
import { UPLOAD } from '../zip-ports.js';
import { problemOfSdkError } from './sdk-errors.js';

export const NEVER: AbortSignal = new AbortController().signal;

/** Runs one request; whatever the SDK throws becomes a StoreProblem that names what was wanted. */
export type Ask = <T>(wanted: string, request: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** `endpoint` is for messages. */
export const askingS3 =
  (endpoint: string): Ask =>
  async (wanted, request, signal = NEVER) => {
    try {
      return await request();
    } catch (error) {
      const problem = problemOfSdkError(error, { wanted, endpoint }, signal);
      if (problem instanceof StoreProblem && (error as Error).name === 'NoSuchUpload')
        throw new StoreProblem('missing', `${wanted}: the upload does not exist any more`, {
          detail: UPLOAD,
          cause: error,
        });
      throw problem;
    }
  };

export const inWords = ({ bucket, key }: ObjectAddress): string => `s3://${bucket}/${key}`;
