import type { ProgressAnswer } from '../core/contract.js';

/** What a job answers that has no plan yet: zeros, and no guess. */
export const NOTHING_YET: Omit<ProgressAnswer, 'phase'> = {
  raw_files_total: 0,
  raw_files_done: 0,
  files_total: 0,
  files_done: 0,
  files_failed: 0,
  bytes_total: 0,
  bytes_done: 0,
  rate_bytes_per_s: 0,
  eta_s: null,
  current: [],
};
