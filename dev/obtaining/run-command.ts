import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface CommandOptions {
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly onLine?: (line: string) => void;
}

const linesInErrors = 12;

function onEveryLine(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', onLine);
  }
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}

/** Runs a command to its end; resolves with what it printed, rejects with its last lines. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { cwd, timeoutMs, onLine } = options;
  const lines: string[] = [];
  const child = spawn(command, args, { cwd, timeout: timeoutMs, stdio: ['ignore', 'pipe', 'pipe'] });
  onEveryLine(child, (line) => {
    lines.push(line);
    onLine?.(line);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(lines.join('\n'));
      const said = lines.slice(-linesInErrors).join('\n');
      reject(new Error(`${command} ${args.join(' ')} ${howItEnded(code, signal)}${said && `:\n${said}`}`));
    });
  });
}
