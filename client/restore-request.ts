/** From the words of a command line to the argument of the workflow `restore`. */
import { parseRestoreInput, splitIds } from '../core/input.js';
import type { RestoreRequest } from './job.js';
import { Problem } from './problem.js';

export interface RestoreOptions {
  readonly files?: readonly string[];
  readonly dryRun?: boolean;
  readonly verifyOnly?: boolean;
}

/** Temporal refuses payloads above 2 MB, and above 4 MB only after half a minute of retries. */
const MAX_REQUEST_BYTES = 1_900_000;

/** Ids from arguments, comma lists and, where one argument is `-`, the lines of standard input. */
export async function collectIds(
  words: readonly string[],
  readStdin: () => Promise<string>,
): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const word of words) texts.push(word === '-' ? await readStdin() : word);
  return splitIds(texts);
}

/** The request, or a usage problem that says what is wrong before anything is started. */
export function restoreRequest(ids: readonly string[], options: RestoreOptions): RestoreRequest {
  const request: RestoreRequest = {
    raw_file_ids: ids,
    ...(options.files?.length ? { files: options.files } : {}),
    ...(options.dryRun ? { dry_run: true } : {}),
    ...(options.verifyOnly ? { verify_only: true } : {}),
  };
  const parsed = parseRestoreInput([request]);
  if (!parsed.ok) throw new Problem('usage', parsed.message);
  const bytes = Buffer.byteLength(JSON.stringify(request));
  if (bytes <= MAX_REQUEST_BYTES) return request;
  throw new Problem(
    'usage',
    `${ids.length} raw file ids are too many for one job: start several with fewer ids each`,
  );
}

/** `restore-20251121-110203-9f3c`: no names of files or projects, because ids are seen everywhere. */
export function newWorkflowId(kind: string, now: Date, random: string): string {
  const [day, time] = now.toISOString().split('T');
  return `${kind}-${day?.replaceAll('-', '')}-${time?.slice(0, 8).replaceAll(':', '')}-${random}`;
}

/** What Temporal's Web UI shows beside the job. */
export function summaryOf({ raw_file_ids, dry_run, verify_only }: RestoreRequest): string {
  const what = `${raw_file_ids.length} raw file${raw_file_ids.length === 1 ? '' : 's'}`;
  if (dry_run) return `Plan the restore of ${what} (dry run)`;
  return verify_only ? `Verify ${what}` : `Restore ${what}`;
}
