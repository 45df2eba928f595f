/** The activities of a restore as plain objects in which all goes right; a test replaces the ones it is about. */
import { PAGE_FILES } from '../../core/contract.js';
import { countByRawFile } from '../../core/file-counts.js';
import type {
  FilePlan,
  JobLimits,
  PlanAnswer,
  PlanRequest,
  PlannedJob,
  RestoreActivities,
  RestoreResult,
  TransferActivities,
} from '../../core/contract.js';
import { NO_EVIDENCE, isSuccess, statusText } from '../../core/outcome.js';
import type { Ending, FileOutcome } from '../../core/outcome.js';

export type Activities = RestoreActivities & TransferActivities;
export type Fakes = Partial<Activities>;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const LIMITS: JobLimits = { timeoutMs: 12 * HOUR, retries: 2, retryDelayMs: 5 * MINUTE };
export const FILE_BYTES = 1000;

/** A planned file, `f0.bin`, `f1.bin`, … unless it is named. */
export const aFile = (index: number, more: Partial<FilePlan> = {}): FilePlan => ({
  index,
  rawFileId: 'sample',
  file: `f${index}.bin`,
  destination: '/out/P1',
  bucket: 'bucket',
  key: `sample/f${index}.bin`,
  expected: { sizeBytes: FILE_BYTES, md5: null, etag: 'e', partSizeBytes: 1024 },
  filesystem: '/out',
  ...more,
});

export const someFiles = (count: number, more: Partial<FilePlan> = {}): readonly FilePlan[] =>
  Array.from({ length: count }, (_, index) => aFile(index, more));

export interface Ended {
  readonly kind: 'ended';
  readonly outcome: FileOutcome;
}

export const ended = ({ index }: FilePlan, ending: Ending, bytes = 0): Ended => ({
  kind: 'ended',
  outcome: { index, ending, bytes, elapsedMs: 0, evidence: NO_EVIDENCE },
});

export const downloaded: Ending = { code: 'downloaded', bytes: FILE_BYTES, elapsedMs: 1000 };

/** The plan of these files, as `planRestore` answers it. */
export const planOf = (
  request: PlanRequest,
  files: readonly FilePlan[],
  more: Partial<PlannedJob> = {},
): PlanAnswer => ({
  kind: 'planned',
  job: {
    ref: {
      workflowId: request.workflowId,
      runId: request.runId,
      folder: '/out/.stowage/job',
      verifyOnly: false,
      startedAtMs: request.startedAtMs,
    },
    limits: LIMITS,
    rawFiles: new Set(files.map(({ rawFileId }) => rawFileId)).size,
    files: files.length,
    bytes: files.reduce((sum, { expected }) => sum + (expected.sizeBytes ?? 0), 0),
    filesRefused: 0,
    rawFilesRefused: 0,
    chainPages: Math.ceil(files.length / PAGE_FILES),
    smallPages: 0,
    destinations: ['/out/P1'],
    filesOfRawFiles: countByRawFile(files),
    ...more,
  },
});

/** What the job's folder would hold: the endings that steps wrote down. */
export type Ledger = Map<number, FileOutcome>;

export const notInThisTest = (name: string) => (): Promise<never> =>
  Promise.reject(new Error(`${name} is not expected in this test`));

/** Every step goes right; the report counts what the ledger holds. */
export const allRight = (
  files: readonly FilePlan[],
  ledger: Ledger,
  plan: Partial<PlannedJob> = {},
): Activities => ({
  planRestore: async (request) => planOf(request, files, plan),
  readPlanPage: async ({ page }) => files.slice(page * PAGE_FILES, (page + 1) * PAGE_FILES),
  s3EtagCheck: async () => ({
    kind: 'right',
    source: { etag: 'e', versionId: null, sizeBytes: FILE_BYTES, etagIsDigest: true },
  }),
  localCheck: async () => ({ kind: 'fetch', local: 'absent' }),
  download: async () => ({ kind: 'fetched', transfer: { bytes: FILE_BYTES, elapsedMs: 1000, attempts: 1 } }),
  localVerify: async ({ file }) => ended(file, downloaded, FILE_BYTES),
  concludeFile: async ({ outcome }) => outcome,
  writeReport: async () => resultOf(files, ledger),
  reportUnplanned: async ({ error }) => unplannedResult(error),
  closeJob: async () => undefined,
  readReport: notInThisTest('readReport'),
  rescueReport: notInThisTest('rescueReport'),
  restorePage: notInThisTest('restorePage'),
});

/** A result as the real report activity makes it: a file without an ending is a failed one. */
export function resultOf(files: readonly FilePlan[], ledger: Ledger): RestoreResult {
  const failures = files.flatMap(({ index, rawFileId: raw_file_id, file }) => {
    const ending = ledger.get(index)?.ending;
    if (ending !== undefined && isSuccess(ending)) return [];
    return [{ raw_file_id, file, status: ending === undefined ? 'without an ending' : statusText(ending) }];
  });
  return {
    status: failures.length === 0 ? 'SUCCESS' : 'PARTIAL FAILURE',
    raw_files: 1,
    files: files.length,
    successful: files.length - failures.length,
    failed: failures.length,
    bytes_downloaded: [...ledger.values()].reduce((sum, { bytes }) => sum + bytes, 0),
    duration_s: 1,
    reports: ['/out/P1/_download_status_batch_20250204_143022.txt'],
    failures,
    failures_omitted: 0,
  };
}

/** The result of a job without a plan, as the real activity makes it. */
export const unplannedResult = (error: string): RestoreResult => ({
  ...resultOf([], new Map()),
  status: 'PARTIAL FAILURE',
  reports: ['/out/_download_status_batch_20250204_143022.txt'],
  failures: [{ raw_file_id: 'sample', file: null, status: `ERROR: ${error}` }],
});

/** As the real activities do: a step that ends a file's story writes the ending down. */
export function remember(ledger: Ledger, answer: unknown): void {
  if (typeof answer !== 'object' || answer === null) return;
  const outcome = 'outcome' in answer ? answer.outcome : 'ending' in answer ? answer : null;
  if (outcome !== null) ledger.set((outcome as FileOutcome).index, outcome as FileOutcome);
}
