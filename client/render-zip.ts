/** The ending of a bulk ZIP: for people, for programs, and as an exit code. */
import type { Colors } from 'picocolors/types.js';
import { printable } from '../core/report.js';
import { humanBytes } from '../core/units.js';
import type { BulkZipResult } from '../core/zip-contract.js';
import { EXIT, exitCodeOfFailure } from './exit-code.js';
import type { Job, ZipEnding } from './job.js';

const MOST_SKIPPED = 20;

/** A headline, what is in the ZIP and where it lies, then what is missing from it. */
export function renderZipEnding({ workflowId }: Job, ending: ZipEnding, colors: Colors): string {
  const body = ending.kind === 'completed' ? ['', ...contents(ending.result, colors)] : [];
  return `${[headline(ending, colors), ...body, '', `Job ${printable(workflowId)}`].join('\n')}\n`;
}

function headline(ending: ZipEnding, colors: Colors): string {
  switch (ending.kind) {
    case 'completed':
      return ending.result.status === 'complete' ? colors.green('SUCCESS') : colors.red('PARTIAL');
    case 'cancelled':
      return colors.yellow('CANCELLED');
    case 'failed':
      return colors.red(`FAILED: ${printable(ending.message)} (${printable(ending.type)})`);
    case 'terminated':
      return colors.red(`TERMINATED: ${printable(ending.message)}`);
    case 'timed_out':
      return colors.red(`TIMED OUT: ${printable(ending.message)}`);
  }
}

function contents(result: BulkZipResult, colors: Colors): readonly string[] {
  const { uri, entries, size_bytes, skipped, skipped_omitted = 0 } = result;
  const shown = skipped
    .slice(0, MOST_SKIPPED)
    .map(
      ({ id, uri: source, reason }) => `  ${printable(source ?? id ?? '')}: ${colors.red(printable(reason))}`,
    );
  const hidden = skipped.length - shown.length + skipped_omitted;
  return [
    `${printable(uri)}: ${entries} ${entries === 1 ? 'entry' : 'entries'} · ${humanBytes(size_bytes)}`,
    ...(shown.length > 0 ? ['', 'Not in it:', ...shown] : []),
    ...(hidden > 0 ? [`  … and ${hidden} more: see _MANIFEST.json in the ZIP`] : []),
  ];
}

/** The result with the job's ids and its outcome; what has no result says why. */
export function zipDocument({ workflowId, runId }: Job, ending: ZipEnding): object {
  const head = { workflow_id: workflowId, run_id: runId, outcome: ending.kind };
  switch (ending.kind) {
    case 'completed':
      return { ...head, ...ending.result };
    case 'cancelled':
      return head;
    case 'failed':
      return { ...head, error: { type: ending.type, message: ending.message } };
    case 'terminated':
    case 'timed_out':
      return { ...head, error: { type: ending.kind, message: ending.message } };
  }
}

/** As for restores: a ZIP without all its entries is finished with failures. */
export function exitCodeOfZip(ending: ZipEnding): number {
  switch (ending.kind) {
    case 'completed':
      return ending.result.status === 'complete' ? EXIT.ok : EXIT.failures;
    case 'cancelled':
    case 'terminated':
      return EXIT.cancelled;
    case 'failed':
      return ending.type === 'NotFound' ? EXIT.notFound : exitCodeOfFailure(ending.type);
    case 'timed_out':
      return EXIT.deadline;
  }
}
