/** What people ask a running bulk ZIP, and what they may tell it: query `progress`, signals `pause` and `resume`, current details. */
import { defineQuery, defineSignal, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { ProgressAnswer } from '../core/contract.js';
import { PAUSE_SIGNAL, PROGRESS_QUERY, RESUME_SIGNAL, TRANSFER_SIGNAL } from '../core/contract.js';
import { clock, humanBytes } from '../core/units.js';
import { bytesSoFar, followSegment } from './bulk-zip-state.js';
import type { ZipState } from './bulk-zip-state.js';
import { rateOver } from './rate.js';
import { NOTHING_YET } from './nothing-yet.js';
import { readUpdate } from './transfer-signal.js';

export interface ZipDesk {
  phase: Exclude<ProgressAnswer['phase'], 'paused'>;
  paused: boolean;
  /** Null until the ZIP is planned. */
  state: ZipState | null;
}

/** Opens the desk: must be called before the first await, so that a query finds it at once. */
export function openZipDesk(): ZipDesk {
  const desk: ZipDesk = { phase: 'planning', paused: false, state: null };
  setHandler(defineQuery<ProgressAnswer>(PROGRESS_QUERY), () => zipProgress(desk), {
    description:
      'How far the ZIP is: entries (as files), bytes, rate, time left, and the segments under way.',
  });
  setHandler(defineSignal(PAUSE_SIGNAL), () => pause(desk, true), {
    description: 'Begin no more segments; what is under way ends. The time limit goes on.',
  });
  setHandler(defineSignal(RESUME_SIGNAL), () => pause(desk, false), { description: 'Go on after a pause.' });
  setHandler(defineSignal<[unknown]>(TRANSFER_SIGNAL), (update) => follow(desk, update));
  showZipDetails(desk);
  return desk;
}

function follow(desk: ZipDesk, signalled: unknown): void {
  const update = readUpdate(signalled);
  if (desk.state === null || update === null) return;
  followSegment(desk.state, update.index, { done: update.bytesDone, total: update.bytesTotal }, Date.now());
  showZipDetails(desk);
}

function pause(desk: ZipDesk, paused: boolean): void {
  desk.paused = paused;
  showZipDetails(desk);
}

/** The one job counts as a raw file, its entries as files. */
function zipProgress({ phase, paused, state }: ZipDesk): ProgressAnswer {
  if (state === null) return { ...NOTHING_YET, phase };
  const { job, tally } = state;
  const rate = rateOver(state.samples);
  const bytesDone = bytesSoFar(state);
  return {
    phase: paused && phase === 'restoring' ? 'paused' : phase,
    raw_files_total: 1,
    raw_files_done: phase === 'done' ? 1 : 0,
    files_total: job.entries,
    files_done: tally.entriesDone + tally.entriesSkipped,
    files_failed: tally.entriesSkipped,
    bytes_total: job.bytes,
    bytes_done: bytesDone,
    rate_bytes_per_s: rate,
    eta_s: rate > 0 ? Math.round((job.bytes - bytesDone) / rate) : null,
    current: [...state.current].map(([segment, { done, total }]) => ({
      raw_file_id: '',
      file: segmentName(segment, job.segments),
      state: 'zipping',
      bytes_done: done,
      bytes_total: total,
    })),
  };
}

/** What a segment is called where people look. */
export const segmentName = (segment: number, segments: number): string =>
  `segment ${segment + 1} of ${segments}`;

/** For the Web UI's "Current Details", as Markdown: counts only, because names may be health information. */
export function showZipDetails(desk: ZipDesk): void {
  const progress = zipProgress(desk);
  const eta = progress.eta_s === null ? '' : `, about ${clock(progress.eta_s)} left`;
  const segments = progress.current.map(({ file }) => file).join(', ');
  setCurrentDetails(
    `**${progress.phase === 'restoring' ? 'zipping' : progress.phase}**: ` +
      `${progress.files_done} of ${progress.files_total} entries, ` +
      `${humanBytes(progress.bytes_done)} of ${humanBytes(progress.bytes_total)}, ` +
      `${humanBytes(progress.rate_bytes_per_s)}/s${eta}, ${progress.files_failed} skipped` +
      (segments === '' ? '' : `\n\nNow: ${segments}`),
  );
}
