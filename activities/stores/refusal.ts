import type { IncomingMessage } from 'node:http';
import type { Refusal } from './s3-problems.js';

const LONGEST_REFUSAL_BYTES = 64 * 1024;

/** An answer that is no body: its status, and S3's code from the XML, if there is any. */
export async function readRefusal(
  response: IncomingMessage,
  stallTimeoutMs: number,
  signal: AbortSignal,
): Promise<Refusal> {
  const xml = await readText(response, stallTimeoutMs, signal);
  return {
    status: response.statusCode ?? 0,
    code: elementOf(xml, 'Code'),
    retryAfter: response.headers['retry-after'] ?? null,
    storageClass: elementOf(xml, 'StorageClass'),
  };
}

/** S3's codes are plain words; anything else is not worth showing. */
const elementOf = (xml: string, name: string): string | null =>
  new RegExp(`<${name}>([A-Za-z0-9_.-]{1,64})</${name}>`).exec(xml)?.[1] ?? null;

/** As much as comes of a short body: the status alone says enough where it is cut, slow or long. */
async function readText(response: IncomingMessage, timeoutMs: number, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const giveUp = (): void => void response.destroy();
  const timer = setTimeout(giveUp, timeoutMs);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if ((bytes += chunk.length) > LONGEST_REFUSAL_BYTES) break;
    }
  } catch {
    // A cut answer is still a refusal.
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
  return Buffer.concat(chunks).toString('utf8');
}
