import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const answerWithinMs = 3_000;
const downloadWithinMs = 600_000;

/** fetch says only "fetch failed"; what failed is in the cause. */
function reason(error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `no answer within ${answerWithinMs / 1000} s`;
  return (cause as Error | undefined)?.message ?? message;
}

/**
 * Throws within seconds where the internet is closed, so that the next way gets its turn without a long wait.
 */
export async function requireHost(url: string): Promise<void> {
  const { origin, host } = new URL(url);
  try {
    await fetch(origin, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(answerWithinMs) });
  } catch (error) {
    throw new Error(`${host} does not answer (${reason(error)})`);
  }
}

export async function downloadFile(url: string, path: string): Promise<void> {
  await requireHost(url);
  const response = await fetch(url, { signal: AbortSignal.timeout(downloadWithinMs) });
  if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(path));
}
