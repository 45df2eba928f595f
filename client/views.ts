/** What a job's ending looks like, for each kind of job: commands.ts follows both in the same way. */
import type { Colors } from 'picocolors/types.js';
import { ZIP_WORKFLOW } from '../core/zip-contract.js';
import { exitCodeOfEnding } from './exit-code.js';
import type { Job, JobEnding, Jobs, ZipEnding } from './job.js';
import { endingDocument } from './render-json.js';
import { renderEnding } from './render.js';
import { exitCodeOfZip, renderZipEnding, zipDocument } from './render-zip.js';
import type { Watched } from './watch.js';

export interface JobView<Ending> {
  readonly of: (jobs: Jobs) => Watched<Ending>;
  readonly text: (job: Job, ending: Ending, colors: Colors) => string;
  readonly document: (job: Job, ending: Ending) => object;
  readonly exitCode: (ending: Ending) => number;
  /** What an interrupt says. */
  readonly cancelling: string;
}

export const RESTORE_VIEW: JobView<JobEnding> = {
  of: (jobs) => jobs,
  text: renderEnding,
  document: endingDocument,
  exitCode: exitCodeOfEnding,
  cancelling: 'Cancelling; the report is written first. Press Ctrl-C again to leave at once.',
};

export const ZIP_VIEW: JobView<ZipEnding> = {
  of: (jobs) => ({ ...jobs, ending: (id) => jobs.zipEnding(id) }),
  text: renderZipEnding,
  document: zipDocument,
  exitCode: exitCodeOfZip,
  cancelling: 'Cancelling; no ZIP will be there. Press Ctrl-C again to leave at once.',
};

export const isZip = (type: string): boolean => type === ZIP_WORKFLOW;
