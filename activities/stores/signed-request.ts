import type { IncomingMessage } from 'node:http';
import type { ObjectAddress } from '../ports.js';
import { send, type Agents } from './http-request.js';
import { readRefusal } from './refusal.js';
import { problemOfConnection, problemOfRefusal, type Asked } from './s3-problems.js';
import { problemOfSdkError } from './sdk-errors.js';
import type { SignedUrls } from './signed-urls.js';

/** What the http engine is made of. */
export interface HttpEngine {
  readonly urls: SignedUrls;
  readonly agents: Agents;
  readonly endpoint: string;
  readonly stallTimeoutMs: number;
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD';
  readonly object: ObjectAddress;
  readonly headers: Readonly<Record<string, string>>;
  readonly asked: Asked;
  readonly signal: AbortSignal;
}

/** Sends a signed request. Throws StoreProblem where the answer is no, or none; an abort's reason where it was aborted. */
export async function sendSigned(request: S3Request, engine: HttpEngine): Promise<IncomingMessage> {
  const { asked, signal } = request;
  const url = await signedUrl(request, engine);
  const response = await send(url, { ...request, ...engine }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw problemOfConnection(asked, error);
  });
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  const refusal = await readRefusal(response, engine.stallTimeoutMs, signal);
  signal.throwIfAborted();
  throw problemOfRefusal(asked, refusal);
}

async function signedUrl(
  { method, object, asked, signal }: S3Request,
  { urls }: HttpEngine,
): Promise<string> {
  signal.throwIfAborted();
  try {
    return await urls.urlOf(method, object);
  } catch (error) {
    throw problemOfSdkError(error, asked, signal);
  }
}
