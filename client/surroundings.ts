/** The world of a command line: streams, the interrupt key, the clock. Handed in, so that tests need no process. */
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import pc from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { Jobs } from './job.js';
import type { ProgressDisplay } from './progress-bar.js';
import { plainLines, terminalBar } from './progress-bar.js';
import { newWorkflowId } from './restore-request.js';
import type { Rhythm } from './watch.js';
import { RHYTHM } from './watch.js';

export interface Surroundings {
  /** Results: standard output. */
  readonly out: (text: string) => void;
  /** Everything else that people may want to know: standard error. */
  readonly err: (text: string) => void;
  /** For results. */
  readonly colors: Colors;
  readonly connect: () => Promise<Jobs>;
  readonly readStdin: () => Promise<string>;
  /** Calls back at each interrupt until it is released. */
  readonly onInterrupt: (callback: () => void) => () => void;
  readonly openDisplay: () => ProgressDisplay;
  readonly newWorkflowId: (kind: 'restore' | 'zip') => string;
  readonly now: () => number;
  readonly rhythm: Rhythm;
}

/** The real ones. */
export function realSurroundings(): Surroundings {
  // A reader that has seen enough (`| head`) is no error.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const err = (line: string): void => void process.stderr.write(line);
  return {
    out: (result) => void process.stdout.write(result),
    err,
    colors: pc.createColors(wantsColors(process.env, process.stdout.isTTY)),
    connect: connectLazily,
    readStdin: () => text(process.stdin),
    onInterrupt: (callback) => {
      process.on('SIGINT', callback);
      return () => void process.off('SIGINT', callback);
    },
    openDisplay: () => (isTerminal(process.stderr) ? terminalBar(process.stderr) : plainLines(err, Date.now)),
    newWorkflowId: (kind) => newWorkflowId(kind, new Date(), randomBytes(2).toString('hex')),
    now: Date.now,
    rhythm: RHYTHM,
  };
}

/** Temporal's client takes half a second to load: not for a help page. */
async function connectLazily(): Promise<Jobs> {
  const [{ connectToTemporal }, { createJobs }] = await Promise.all([
    import('./connect.js'),
    import('./jobs.js'),
  ]);
  return createJobs(await connectToTemporal());
}

const isTerminal = (stream: NodeJS.WriteStream): boolean => stream.isTTY && process.env['TERM'] !== 'dumb';

/** https://no-color.org, then https://force-color.org, then whether somebody is looking. */
export function wantsColors(
  env: Readonly<Record<string, string | undefined>>,
  isTty: boolean | undefined,
): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0';
  // Undefined for a pipe, whatever its type says; handed on, it would mean "as picocolors thinks", which has colours in CI.
  return isTty === true && env['TERM'] !== 'dumb';
}
