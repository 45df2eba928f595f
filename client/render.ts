/** States as people read them: pure functions from a value to text. Names from the catalogue never reach a terminal raw. */
import type { Colors } from 'picocolors/types.js';
import type { ProgressAnswer, RestoreResult } from '../core/contract.js';
import { printable } from '../core/report.js';
import { clock, humanBytes } from '../core/units.js';
import { adviceFor, retryCommand } from './advice.js';
import type { Job, JobEnding, JobState } from './job.js';
import { hitDeadline, isPreview, resultOf } from './job.js';
import { renderPlan } from './render-plan.js';

/** `37/112 files · 412.0 GB of 1.3 TB · 96.0 MB/s · ETA 2:41:00 · 1 failed` */
export function progressLine(progress: ProgressAnswer): string {
  if (progress.phase === 'planning') return 'planning: reading the catalogue';
  return [
    ...(progress.phase === 'paused' ? ['paused'] : []),
    `${progress.files_done}/${plural(progress.files_total, 'file')}`,
    `${humanBytes(progress.bytes_done)} of ${humanBytes(progress.bytes_total)}`,
    ...(progress.rate_bytes_per_s > 0 ? [`${humanBytes(progress.rate_bytes_per_s)}/s`] : []),
    ...(progress.eta_s === null ? [] : [`ETA ${clock(progress.eta_s)}`]),
    ...(progress.files_failed > 0 ? [`${progress.files_failed} failed`] : []),
    ...(progress.phase === 'reporting' ? ['writing the report'] : []),
  ].join(' · ');
}

/** `  download  43%  x.d/analysis.tdf`, one line for each file in flight. */
export const currentLines = (progress: ProgressAnswer): readonly string[] =>
  progress.current.map(({ file, state, bytes_done, bytes_total }) => {
    const percent = bytes_total > 0 ? `${Math.floor((bytes_done / bytes_total) * 100)}%` : '';
    return `  ${printable(state).padEnd(12)} ${percent.padStart(4)}  ${printable(file)}`;
  });

/** How a job ended: a headline, the counts, failures first, where the reports are, and what to do next. */
export function renderEnding({ workflowId }: Job, ending: JobEnding, colors: Colors): string {
  if (ending.kind === 'completed' && isPreview(ending.result)) return renderPlan(ending.result, colors);
  const result = resultOf(ending);
  const body =
    result === null ? [] : [counts(result), ...failures(result, colors), ...reports(result, colors)];
  const next = [`Job ${printable(workflowId)}`, ...nextSteps(workflowId, ending, result)];
  return `${[headline(ending, colors), ...body, '', ...next].join('\n')}\n`;
}

function headline(ending: JobEnding, colors: Colors): string {
  if (hitDeadline(ending))
    return colors.red('DEADLINE: the time limit of the job ended it before it was done');
  switch (ending.kind) {
    case 'completed':
      return colors.green('SUCCESS');
    case 'incomplete':
      return colors.red('PARTIAL FAILURE');
    case 'cancelled':
      return colors.yellow('CANCELLED');
    case 'terminated':
      return colors.red(`TERMINATED: ${printable(ending.message)}`);
    case 'failed':
      return colors.red(`FAILED: ${printable(ending.message)} (${printable(ending.type)})`);
    case 'timed_out':
      return colors.red(`TIMED OUT: ${printable(ending.message)}`);
  }
}

const counts = (result: RestoreResult): string =>
  [
    plural(result.raw_files, 'raw file'),
    plural(result.files, 'file'),
    `${result.successful} ok`,
    `${result.failed} failed`,
    `${humanBytes(result.bytes_downloaded)} downloaded in ${clock(result.duration_s)}`,
  ].join(' · ');

function failures(result: RestoreResult, colors: Colors): readonly string[] {
  if (result.failures.length === 0) return [];
  const lines = result.failures.map(
    ({ raw_file_id, file, status }) =>
      `  ${printable(raw_file_id)}${file === null ? '' : `  ${printable(file)}`}: ${colors.red(printable(status))}`,
  );
  const omitted =
    result.failures_omitted > 0 ? [`  … and ${result.failures_omitted} more: see the report`] : [];
  return ['', 'Failures:', ...lines, ...omitted, ...adviceFor(result).map((advice) => `  → ${advice}`)];
}

function reports(result: RestoreResult, colors: Colors): readonly string[] {
  const written =
    result.reports.length > 0
      ? ['', 'Reports:', ...result.reports.map((path) => `  ${printable(path)}`)]
      : [];
  const unwritten = (result.unwritten_reports ?? []).flatMap(({ destination, problem, text }) => [
    '',
    colors.red(
      `The report for ${printable(destination)} could not be written (${printable(problem)}); this is its text:`,
    ),
    ...text.trimEnd().split('\n').map(printable),
  ]);
  return [...written, ...unwritten];
}

function nextSteps(workflowId: string, ending: JobEnding, result: RestoreResult | null): readonly string[] {
  if (ending.kind === 'failed' && ending.type === 'InvalidInput') return [];
  const again = ending.kind === 'completed' ? [] : [retryCommand(result)];
  return [`See the report: stowage report ${workflowId}`, ...again];
}

/** What `stowage status` says. */
export function renderState(state: JobState, progress: ProgressAnswer | null, nowMs: number): string {
  const { workflowId, type, status, startedAtMs, endedAtMs } = state;
  const elapsed = clock(((endedAtMs ?? nowMs) - startedAtMs) / 1000);
  const head = `${printable(workflowId)}: ${status} (${type}, started ${utc(startedAtMs)})`;
  if (endedAtMs !== null)
    return `${head}\nended ${utc(endedAtMs)} after ${elapsed}; its result: stowage watch ${workflowId}\n`;
  const lines =
    progress === null ? ['no answer from a worker'] : [progressLine(progress), ...currentLines(progress)];
  return `${[head, `running for ${elapsed}`, ...lines].join('\n')}\n`;
}

const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
