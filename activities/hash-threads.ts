/** A few threads for MD5: started when first needed, never a reason for the process to live on. */
import { Worker } from 'node:worker_threads';
import type { HashedRange } from './hash-range.js';
import type { FromHashWorker, HashProblem, ToHashWorker } from './hash-worker.js';

export interface HashThreads {
  /** Throws what the disk throws (`code` and `syscall`), the abort's reason, or that the thread has died. */
  md5OfRange(range: HashedRange, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<string>;
  close(): Promise<void>;
}

interface Task {
  readonly range: HashedRange;
  readonly onBytes: (bytes: number) => void;
  readonly resolve: (md5: string) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly run: (task: Task) => void;
  readonly cancel: (task: Task) => void;
  readonly isIdle: () => boolean;
  readonly end: () => Promise<unknown>;
}

/** At most `count` threads; tasks wait in the order they came. */
export function createHashThreads(count: number): HashThreads {
  const threads = new Set<Thread>();
  let waiting: readonly Task[] = [];
  const next = (): void => {
    const [task, ...rest] = waiting;
    if (task === undefined) return;
    const thread = [...threads].find((one) => one.isIdle()) ?? (threads.size < count ? start() : null);
    if (thread === null) return;
    waiting = rest;
    thread.run(task);
  };
  const start = (): Thread => {
    const thread = startThread(next, () => {
      threads.delete(thread);
      next();
    });
    threads.add(thread);
    return thread;
  };
  const cancel = (task: Task): void => {
    waiting = waiting.filter((other) => other !== task);
    for (const thread of threads) thread.cancel(task);
  };
  return {
    md5OfRange: (range, signal, onBytes) =>
      abortable(signal, cancel, (resolve, reject) => {
        const task = { range, onBytes, resolve, reject };
        waiting = [...waiting, task];
        next();
        return task;
      }),
    close: async () => {
      for (const { reject } of waiting) reject(new Error('the hash pool is closed'));
      waiting = [];
      await Promise.all([...threads].map((thread) => thread.end()));
    },
  };
}

/** A promise that an abort rejects at once; the thread learns of it and lets the task go at its next block. */
async function abortable(
  signal: AbortSignal,
  cancel: (task: Task) => void,
  begin: (resolve: Task['resolve'], reject: Task['reject']) => Task,
): Promise<string> {
  signal.throwIfAborted();
  let abort = (): void => {};
  const hashed = new Promise<string>((resolve, reject) => {
    const task = begin(resolve, reject);
    abort = () => {
      cancel(task);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
  return hashed.finally(() => signal.removeEventListener('abort', abort));
}

function startThread(onIdle: () => void, onEnd: () => void): Thread {
  const worker = new Worker(new URL('./hash-worker.js', import.meta.url));
  let current: Task | null = null;
  const send = (message: ToHashWorker): void => worker.postMessage(message);
  const settle = (finish: (task: Task) => void): void => {
    const task = current;
    current = null;
    worker.unref();
    if (task !== null) finish(task);
  };
  worker.unref();
  worker.on('message', (message: FromHashWorker) => {
    if ('bytes' in message) return current?.onBytes(message.bytes);
    settle((task) =>
      'md5' in message ? task.resolve(message.md5) : task.reject(diskError(message.problem)),
    );
    onIdle();
  });
  let death = new Error('the hash thread has ended');
  worker.on(
    'error',
    (error) => (death = new Error(`the hash thread has died: ${error.message}`, { cause: error })),
  );
  worker.on('exit', () => {
    settle((task) => task.reject(death));
    onEnd();
  });
  return {
    run: (task) => {
      current = task;
      // Only work keeps the process alive.
      worker.ref();
      send({ hash: task.range });
    },
    cancel: (task) => {
      if (current === task) send({ cancel: true });
    },
    isIdle: () => current === null,
    end: () => worker.terminate(),
  };
}

/** Errors lose what is not their message on the way between threads; without `syscall` it would be no disk's (endings.ts). */
const diskError = ({ message, code, syscall }: HashProblem): Error =>
  Object.assign(new Error(message), code === null ? {} : { code }, syscall === null ? {} : { syscall });
