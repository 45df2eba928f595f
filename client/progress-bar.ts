/** Progress on standard error: a bar on a terminal, plain lines elsewhere. */
import cliProgress from 'cli-progress';
import type { ProgressAnswer } from '../core/contract.js';
import { currentLines, progressLine } from './render.js';

export interface ProgressDisplay {
  show(progress: ProgressAnswer): void;
  /** A sentence in between. */
  note(text: string): void;
  stop(): void;
}

const PLAIN_LINE_EVERY_MS = 5000;
const MAX_CURRENT_ROWS = 6;
const BAR_WIDTH = 24;

/** A line at once when the phase or the failures change, else every few seconds, and none while nothing moves. */
export function plainLines(write: (text: string) => void, now: () => number): ProgressDisplay {
  let last: { readonly atMs: number; readonly line: string; readonly urgent: string } | null = null;
  return {
    show(progress) {
      const [line, urgent] = [progressLine(progress), `${progress.phase} ${progress.files_failed}`];
      const due = last === null || now() - last.atMs >= PLAIN_LINE_EVERY_MS || last.urgent !== urgent;
      if (!due || last?.line === line) return;
      write(`${line}\n`);
      last = { atMs: now(), line, urgent };
    },
    note: (text) => write(`${text}\n`),
    stop: () => {},
  };
}

/** The bar with the files in flight below it; wiped at the end, because the result says it all. */
export function terminalBar(stream: NodeJS.WriteStream): ProgressDisplay {
  const bars = new cliProgress.MultiBar({
    stream,
    fps: 5,
    barsize: BAR_WIDTH,
    emptyOnZero: true,
    clearOnComplete: true,
    // The interrupt key is the command's, and the terminal's own settings stay as they are.
    gracefulExit: false,
    linewrap: true,
    forceRedraw: true,
    hideCursor: null,
  });
  const total = bars.create(1, 0, { text: '' }, { format: '[{bar}] {text}' });
  const rows: cliProgress.SingleBar[] = [];
  return {
    show(progress) {
      const [done, all] =
        progress.bytes_total > 0
          ? [progress.bytes_done, progress.bytes_total]
          : [progress.files_done, progress.files_total];
      total.setTotal(Math.max(1, all));
      total.update(Math.min(done, all), { text: progressLine(progress) });
      const lines = currentLines(progress).slice(0, MAX_CURRENT_ROWS);
      while (rows.length < lines.length) rows.push(bars.create(1, 0, { text: '' }, { format: '{text}' }));
      rows.forEach((row, at) => row.update(0, { text: lines[at] ?? '' }));
    },
    note: (text) => bars.log(`${text}\n`),
    stop: () => bars.stop(),
  };
}
