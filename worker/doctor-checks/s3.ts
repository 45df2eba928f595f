import { probeS3, type S3ProbeAnswer, type S3ProbeTarget } from '../../activities/stores/probe-s3.js';
import { fail, ok, warn, type Finding, type Subject } from './finding.js';
import { withoutCredentials } from './secrets.js';

/** S3 refuses a signature that is 15 minutes off; a clock that drifts is told of long before. */
const SKEW_TO_MENTION_MS = 60_000;

/** Credentials found, an answer, the bucket of some raw file there, clocks agreeing. */
export async function checkS3(target: S3ProbeTarget): Promise<readonly Finding[]> {
  const address =
    target.endpoint === null ? `AWS, region ${target.region}` : withoutCredentials(target.endpoint);
  return judgeS3(await probeS3(target), address, target.bucket);
}

export function judgeS3(answer: S3ProbeAnswer, address: string, bucket: string | null): readonly Finding[] {
  const subject = { name: 'S3', address };
  switch (answer.kind) {
    case 'no-credentials':
      return [
        fail(
          subject,
          'settings',
          `no credentials found: ${answer.message}`,
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use any other source of the AWS SDK's",
        ),
      ];
    case 'unreachable':
      return [
        fail(
          subject,
          'unreachable',
          `cannot be reached: ${answer.message}`,
          'correct AWS_ENDPOINT_URL_S3, or start the server',
        ),
      ];
    case 'refused':
      return [
        explainRefusal(subject, answer.code, answer.message),
        ...judgeClock(subject, answer.clockSkewMs),
      ];
    case 'answers':
      return [
        ok(subject, said(answer.buckets)),
        ...judgeBucket(subject, bucket, answer.bucket),
        ...judgeClock(subject, answer.clockSkewMs),
      ];
  }
}

const said = (buckets: number | null): string =>
  buckets === null
    ? 'answers and accepts the credentials (they may not list buckets, which no restore needs)'
    : `answers and accepts the credentials, ${buckets} bucket${buckets === 1 ? '' : 's'}`;

const REFUSALS: Readonly<Record<string, string>> = {
  RequestTimeTooSkewed: 'set the clock of this machine (NTP)',
  InvalidAccessKeyId: 'correct AWS_ACCESS_KEY_ID',
  SignatureDoesNotMatch: 'correct AWS_SECRET_ACCESS_KEY',
  ExpiredToken: 'fetch fresh credentials: these have expired',
};

const explainRefusal = (subject: Subject, code: string, message: string): Finding =>
  fail(
    subject,
    'other',
    `refuses: ${code}${message === code ? '' : ` – ${message}`}`,
    REFUSALS[code] ?? 'check AWS_ENDPOINT_URL_S3, AWS_REGION and the rights of these credentials',
  );

function judgeBucket(
  { address }: Subject,
  bucket: string | null,
  state: 'there' | 'missing' | 'denied' | null,
): readonly Finding[] {
  const subject = { name: 'S3 bucket', address: `${address} ${bucket ?? ''}`.trim() };
  switch (state) {
    case null:
      return [];
    case 'there':
      return [ok(subject, 'the bucket of a raw file in the catalogue is there')];
    case 'missing':
      return [
        warn(
          subject,
          'a raw file in the catalogue names this bucket, and S3 has none',
          'check AWS_ENDPOINT_URL_S3 and AWS_REGION',
        ),
      ];
    case 'denied':
      return [
        warn(
          subject,
          'a raw file in the catalogue names this bucket, and these credentials may not see it',
          'grant s3:ListBucket on the bucket and s3:GetObject on its objects (docs/operations.md)',
        ),
      ];
  }
}

function judgeClock({ address }: Subject, skewMs: number | null): readonly Finding[] {
  if (skewMs === null || Math.abs(skewMs) < SKEW_TO_MENTION_MS) return [];
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const message = `this machine is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} S3, which refuses requests from 900 s on`;
  return [warn({ name: 'Clock', address }, message, 'set the clock of this machine (NTP)')];
}
