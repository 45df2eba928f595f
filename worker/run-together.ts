import type { Worker } from '@temporalio/worker';

type Runnable = Pick<Worker, 'run' | 'shutdown' | 'getState'>;

/** Asks all that still run to hand over what is under way. */
export function shutDown(workers: readonly Runnable[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}

/**
 * Runs workers until all have stopped. Where one fails the others stop, too, and the failure is thrown: half a host that goes on
 * polling would look alive, and nobody would start it again.
 */
export async function runTogether(workers: readonly Runnable[]): Promise<void> {
  const runs = workers.map(async (worker) => {
    try {
      await worker.run();
    } finally {
      shutDown(workers);
    }
  });
  for (const end of await Promise.allSettled(runs)) if (end.status === 'rejected') throw end.reason;
}
