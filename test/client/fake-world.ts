/** A command line without a process and jobs without Temporal: plain objects of the real types. */
import { createColors } from 'picocolors';
import type { ProgressAnswer, RestorePreview, RestoreResult } from '../../core/contract.js';
import type { BulkZipResult } from '../../core/zip-contract.js';
import type { JobEnding, JobState, Jobs } from '../../client/job.js';
import { plainLines } from '../../client/progress-bar.js';
import type { Surroundings } from '../../client/surroundings.js';

export const RESULT: RestoreResult = {
  status: 'SUCCESS',
  raw_files: 2,
  files: 7,
  successful: 7,
  failed: 0,
  bytes_downloaded: 1_294_467_890,
  duration_s: 3725,
  reports: ['/fs/out/PRID001/_download_status_batch_20250204_143022.txt'],
  failures: [],
  failures_omitted: 0,
};

export const FAILED_RESULT: RestoreResult = {
  ...RESULT,
  status: 'PARTIAL FAILURE',
  successful: 6,
  failed: 1,
  failures: [
    {
      raw_file_id: '20250115_sample',
      file: 'sample.d/c.bin',
      status: 'FAILURE - S3 corruption detected (etag mismatch)',
    },
    { raw_file_id: '20250117_gone', file: null, status: 'RawFile not found in DB' },
  ],
};

export const PREVIEW: RestorePreview = {
  dry_run: true,
  raw_files: [
    {
      raw_file_id: '20250115_sample',
      project_id: 'PRID001',
      destination: '/fs/out/PRID001',
      files: 112,
      bytes: 1_294_467_890,
      download: 100,
      skip: 11,
      heal: 1,
      bytes_to_download: 838_860_800,
      error: null,
    },
    {
      raw_file_id: '20250117_gone_and_forgotten',
      project_id: null,
      destination: null,
      files: 0,
      bytes: 0,
      download: 0,
      skip: 0,
      heal: 0,
      bytes_to_download: 0,
      error: 'RawFile not found in DB',
    },
  ],
  filesystems: [{ path: '/fs/out', needed_bytes: 922_746_880, free_bytes: 104_857_600 }],
  problems: [{ raw_file_id: '20250115_sample', file: '../x\u0007', status: 'FAILURE - Unsafe path' }],
  problems_omitted: 3,
};

export const PROGRESS: ProgressAnswer = {
  phase: 'restoring',
  raw_files_total: 12,
  raw_files_done: 4,
  files_total: 112,
  files_done: 37,
  files_failed: 1,
  bytes_total: 1.3 * 1024 ** 4,
  bytes_done: 412 * 1024 ** 3,
  rate_bytes_per_s: 96 * 1024 ** 2,
  eta_s: 9660,
  current: [
    { raw_file_id: 'a', file: 'x.d/analysis.tdf', state: 'download', bytes_done: 43, bytes_total: 100 },
  ],
};

export const STATE: JobState = {
  workflowId: 'job-1',
  runId: 'run-1',
  type: 'restore',
  status: 'running',
  startedAtMs: Date.UTC(2025, 1, 4, 14, 30, 22),
  endedAtMs: null,
  origin: null,
};

export const ZIP_RESULT: BulkZipResult = {
  status: 'partial',
  uri: 's3://zips/run-7.zip',
  file_name: 'run-7.zip',
  size_bytes: 1_294_467_890,
  entries: 6,
  skipped: [{ uri: 's3://raw/run-7/gone\u0007.bin', reason: 'not found' }],
};

/** Jobs that have nothing to do but to end; `calls` lists what was asked of them. */
export function fakeJobs(
  ending: JobEnding,
  changes: Partial<Jobs> = {},
): { readonly jobs: Jobs; readonly calls: unknown[][] } {
  const calls: unknown[][] = [];
  const note = async (...call: unknown[]): Promise<void> => void calls.push(call);
  const jobs: Jobs = {
    taskQueue: 'stowage',
    startRestore: async (request, workflowId) => {
      await note('start', request, workflowId);
      return { workflowId, runId: 'run-1' };
    },
    startZip: async (request, workflowId) => {
      await note('start zip', request, workflowId);
      return { workflowId, runId: 'run-1' };
    },
    zipEnding: async () => ({ kind: 'completed', result: ZIP_RESULT }),
    runningIds: async () => [],
    progress: async () => PROGRESS,
    ending: async () => ending,
    state: async (workflowId) => ({ ...STATE, workflowId }),
    cancel: (workflowId) => note('cancel', workflowId),
    want: (workflowId) => note('want', workflowId),
    isWanted: async () => false,
    pause: (workflowId) => note('pause', workflowId),
    resume: (workflowId) => note('resume', workflowId),
    reportTexts: async (workflowId, paths) => {
      await note('report', workflowId, paths);
      return { reports: paths.map((path) => ({ path, text: `text of ${path}\n`, truncated: false })) };
    },
    isWorkerListening: async () => true,
    close: () => note('close'),
    ...changes,
  };
  return { jobs, calls };
}

export interface FakeWorld extends Surroundings {
  readonly said: { out: string; err: string };
  /** Presses Ctrl-C. */
  readonly interrupt: () => void;
}

export function fakeWorld(jobs: Jobs, stdin = ''): FakeWorld {
  const said = { out: '', err: '' };
  const pressed = new Set<() => void>();
  const err = (text: string): void => void (said.err += text);
  return {
    said,
    interrupt: () => pressed.forEach((callback) => callback()),
    out: (text) => void (said.out += text),
    err,
    colors: createColors(false),
    connect: async () => jobs,
    readStdin: async () => stdin,
    onInterrupt: (callback) => {
      pressed.add(callback);
      return () => void pressed.delete(callback);
    },
    openDisplay: () => plainLines(err, Date.now),
    newWorkflowId: (kind) => `${kind}-20250204-143022-9f3c`,
    now: () => STATE.startedAtMs + 65_000,
    rhythm: { pollMs: 1, silenceMs: 20, outageMs: 50, retryMs: 1 },
  };
}
