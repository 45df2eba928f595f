/**
 * No server outlives the process that started it. Three nets, because no single one catches every end:
 * signals (Ctrl-C, SIGTERM, SIGHUP), the exit event (normal end, process.exit, uncaught errors), and for what
 * gives no notice (SIGKILL, or a host such as jest that hides signals) a shell that waits for this process to
 * go away.
 */
import { spawn } from 'node:child_process';

export interface Stoppable {
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

const running = new Set<Stoppable>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Its standard input ends when this process does, however it ends. */
const watcherScript = 'read -r _; kill -s TERM -- "-$1" && sleep 5 && kill -s KILL -- "-$1"';

export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

function onExit(): void {
  for (const { pid } of running) signalGroup(pid, 'SIGTERM');
}

/**
 * Where the application handles the signal itself, it decides; it stops its stack, or exits and `onExit`
 * does.
 */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  void Promise.allSettled([...running].map(({ stop }) => stop())).then(() => {
    unlisten();
    process.kill(process.pid, signal);
  });
}

function listen(): void {
  process.on('exit', onExit);
  for (const signal of signals) process.on(signal, onSignal);
}

function unlisten(): void {
  process.off('exit', onExit);
  for (const signal of signals) process.off(signal, onSignal);
}

function startWatcher(pid: number): () => void {
  const args = ['-c', watcherScript, 'stowage-watcher', String(pid)];
  const watcher = spawn('/bin/sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watcher.on('error', () => undefined);
  watcher.unref();
  return () => void watcher.kill('SIGKILL');
}

/** Until the returned function is called, the end of this process is the end of that process group. */
export function endWithUs(server: Stoppable): () => void {
  if (running.size === 0) listen();
  running.add(server);
  const stopWatcher = startWatcher(server.pid);
  return () => {
    stopWatcher();
    running.delete(server);
    if (running.size === 0) unlisten();
  };
}
