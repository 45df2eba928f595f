import { StoreProblem } from '../ports.js';
import { problemOfConnection, problemOfRefusal, type Asked } from './s3-problems.js';

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly StorageClass?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

/** Names that the SDK makes up for answers without a body. */
const NAMELESS: readonly (string | undefined)[] = ['NotFound', 'Unknown', 'UnknownError', 'Error', undefined];

/** Null where there was no answer. */
const statusOfSdkError = (error: unknown): number | null => {
  const { $metadata, $response } = error as SdkError;
  return $metadata?.httpStatusCode ?? $response?.statusCode ?? null;
};

/** Whatever the SDK throws → StoreProblem; an abort stays an abort. */
export function problemOfSdkError(error: unknown, asked: Asked, signal: AbortSignal): unknown {
  if (error instanceof StoreProblem) return error;
  if (signal.aborted) return signal.reason;
  const status = statusOfSdkError(error);
  if (status === null) return problemWithoutAnswer(asked, error);
  const { name, StorageClass, $response } = error as SdkError;
  return problemOfRefusal(asked, {
    status,
    code: NAMELESS.includes(name) || /^\d+$/.test(name ?? '') ? null : (name ?? null),
    retryAfter: $response?.headers?.['retry-after'] ?? null,
    storageClass: StorageClass ?? null,
  });
}

/** Credentials that cannot be found are a setting to be mended: trying again does not find them. */
function problemWithoutAnswer(asked: Asked, error: unknown): StoreProblem {
  const { name, message } = error as SdkError;
  if (name !== 'CredentialsProviderError' && name !== 'TokenProviderError')
    return problemOfConnection(asked, error);
  const text = `${asked.wanted}: no S3 credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile): ${message ?? name}`;
  return new StoreProblem('denied', text.split('\n', 1)[0] ?? text, { cause: error });
}
