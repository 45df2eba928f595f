/** What people ask a running restore, and what they may tell it: query `progress`, signals `pause` and `resume`, current details. */
import { defineQuery, defineSignal, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { ProgressAnswer } from '../core/contract.js';
import { PAUSE_SIGNAL, PROGRESS_QUERY, RESUME_SIGNAL, TRANSFER_SIGNAL } from '../core/contract.js';
import { clock, humanBytes } from '../core/units.js';
import type { RestoreState } from './restore-state.js';
import { bytesSoFar, rateOf, sample } from './restore-state.js';
import { NOTHING_YET } from './nothing-yet.js';
import { readUpdate } from './transfer-signal.js';

export interface Desk {
  phase: Exclude<ProgressAnswer['phase'], 'paused'>;
  paused: boolean;
  /** Null until the job is planned. */
  state: RestoreState | null;
}

/** Opens the desk: must be called before the first await, so that a query finds it at once. */
export function openDesk(): Desk {
  const desk: Desk = { phase: 'planning', paused: false, state: null };
  setHandler(defineQuery<ProgressAnswer>(PROGRESS_QUERY), () => progressOf(desk), {
    description: 'How far the restore is: files, bytes, rate, time left, and what is being done now.',
  });
  setHandler(defineSignal(PAUSE_SIGNAL), () => pause(desk, true), {
    description: 'Begin no more steps; what is under way ends. The time limit goes on.',
  });
  setHandler(defineSignal(RESUME_SIGNAL), () => pause(desk, false), { description: 'Go on after a pause.' });
  setHandler(defineSignal<[unknown]>(TRANSFER_SIGNAL), (update) => follow(desk, update));
  showDetails(desk);
  return desk;
}

function pause(desk: Desk, paused: boolean): void {
  desk.paused = paused;
  showDetails(desk);
}

/** A transfer's place; one that has ended meanwhile is no longer followed. */
function follow(desk: Desk, signalled: unknown): void {
  const update = readUpdate(signalled);
  const file = update === null ? undefined : desk.state?.current.get(update.index);
  if (update === null || desk.state === null || file?.state !== 'downloading') return;
  desk.state.current.set(update.index, { ...file, bytesDone: update.bytesDone });
  changed(desk);
}

/** To be called whenever the state has changed. */
export function changed(desk: Desk): void {
  if (desk.state !== null) sample(desk.state, Date.now());
  showDetails(desk);
}

/** The answer to the query: files, bytes, bytes per second, seconds left; zeros and nulls until there is a plan. */
export function progressOf({ phase, paused, state }: Desk): ProgressAnswer {
  if (state === null) return { ...NOTHING_YET, phase };
  const { job, tally } = state;
  const rate = rateOf(state);
  const bytesDone = Math.min(bytesSoFar(state), job.bytes);
  const allEnded = phase !== 'restoring' || tally.filesDone >= job.files;
  return {
    phase: paused && phase === 'restoring' ? 'paused' : phase,
    raw_files_total: job.rawFiles,
    raw_files_done: allEnded ? job.rawFiles : job.rawFiles - state.openOfRawFiles.size,
    files_total: job.files,
    files_done: tally.filesDone,
    files_failed: tally.filesFailed,
    bytes_total: job.bytes,
    bytes_done: bytesDone,
    rate_bytes_per_s: rate,
    eta_s: rate > 0 ? Math.round((job.bytes - bytesDone) / rate) : null,
    current: [...state.current.values()].map((file) => ({
      raw_file_id: file.rawFileId,
      file: file.file,
      state: file.state,
      bytes_done: file.bytesDone,
      bytes_total: file.bytesTotal,
    })),
  };
}

/** The same for the Web UI's "Current Details", as Markdown. */
function showDetails(desk: Desk): void {
  const progress = progressOf(desk);
  const eta = progress.eta_s === null ? '' : `, about ${clock(progress.eta_s)} left`;
  setCurrentDetails(
    [
      `**${progress.phase}**: ${progress.files_done} of ${progress.files_total} files, ` +
        `${humanBytes(progress.bytes_done)} of ${humanBytes(progress.bytes_total)}, ` +
        `${humanBytes(progress.rate_bytes_per_s)}/s${eta}, ${progress.files_failed} failed`,
      ...section(
        'Now',
        progress.current.map(
          (file) =>
            `${file.state}: ${file.file} (${humanBytes(file.bytes_done)} of ${humanBytes(file.bytes_total)})`,
        ),
      ),
      ...section('Last failures', desk.state?.recentFailures ?? []),
    ].join('\n'),
  );
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, '', ...lines.map((line) => `- ${escapeMarkdown(line)}`)];

const escapeMarkdown = (text: string): string => text.replace(/[\\`*_{}[\]<>|#]/g, (char) => `\\${char}`);
