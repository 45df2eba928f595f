/** What to do about a failure: one line for each kind of status, for people who did not write this program. */
import type { RestoreResult } from '../core/contract.js';

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /S3 object is archived/,
    'Archived objects: ask your S3 administrator to restore them from the archive, then run this again.',
  ],
  [
    /S3 access denied/,
    'Access denied: the worker needs s3:GetObject on these objects (and kms:Decrypt where they are encrypted).',
  ],
  [
    /S3 bucket not found/,
    'Bucket not found: check AWS_ENDPOINT_URL_S3 and AWS_REGION of the worker with stowage doctor.',
  ],
  [
    /S3 corruption detected/,
    'S3 corruption: the copy in S3 is not what the catalogue describes; local files were left alone.',
  ],
  [/Disk full|disk space|\(disk full\)/, 'Disk: free some space at the destination, then run this again.'],
  [
    /Cannot write|not writable/,
    'Not writable: check the rights of the worker on the destination with stowage doctor.',
  ],
  [
    /RawFile not found in DB/,
    'Not found: check the spelling of the raw file id; it is the _id in the catalogue.',
  ],
];

/** Advice for the failures of a result, each piece once. */
export const adviceFor = ({ failures }: RestoreResult): readonly string[] =>
  ADVICE.filter(([kind]) => failures.some(({ status }) => kind.test(status))).map(([, advice]) => advice);

const MOST_IDS = 10;
const SAFE_IN_SHELLS = /^[\w.@%+=:][\w.@%+=:-]*$/;

/** How to try again: only what failed, where that fits on a line. */
export function retryCommand(result: RestoreResult | null): string {
  const ids = [...new Set(result?.failures.map(({ raw_file_id }) => raw_file_id))];
  const all = result !== null && result.failures_omitted === 0 && ids.length > 0 && ids.length <= MOST_IDS;
  if (all && ids.every((id) => SAFE_IN_SHELLS.test(id)))
    return `Try again what failed, with the same options: stowage restore ${ids.join(' ')}`;
  return 'Try again: run the same command; files that are right are skipped';
}
