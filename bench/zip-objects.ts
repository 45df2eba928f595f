/** A job that packs objects into a ZIP in S3, beside the original's way and beside archiver. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { BulkZipResult } from '../core/zip-contract.js';
import { MEBIBYTE } from '../core/units.js';
import { noise } from '../dev/corpus.js';
import type { Stack } from '../dev/stack.js';
import { zipWithArchiver } from './archiver.js';
import { inTime, median, tableOf, takeTurns, timesAsFast } from './measure.js';
import { runOriginal } from './original.js';
import type { Settings } from './restore.js';
import { runJob } from './stowage.js';

const BUCKET = 'stowage-bench-objects';
const PREFIX = 'plates/';
const COUNT = 500;

export const s3ClientOf = ({ endpoint, region, accessKeyId, secretAccessKey }: Stack['s3']): S3Client =>
  new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 5,
  });

/** Bytes that do not compress, as those of pictures and of most instruments. */
export async function seedObjects(
  s3: S3Client,
  bucket: string,
  keys: readonly string[],
  sizeBytes: number,
): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: Error) => {
    if (!error.name.startsWith('BucketAlready')) throw error;
  });
  for (const key of keys)
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: noise(sizeBytes, key) }));
}

/** The table of ZIPs from S3 to S3. */
export async function benchZipObjects(settings: Settings): Promise<string> {
  const { local, rounds, say } = settings;
  const s3 = s3ClientOf(local.stack.s3);
  const keys = Array.from({ length: COUNT }, (_, at) => `${PREFIX}${String(at).padStart(3, '0')}.bin`);
  await seedObjects(s3, BUCKET, keys, MEBIBYTE);
  const keysFile = join(local.output, 'zip-keys.json');
  await writeFile(keysFile, JSON.stringify(keys));
  const original = (method: string) => {
    const { endpoint, region } = local.stack.s3;
    const args = ['put', method, endpoint, region, BUCKET, keysFile, `zips/${method}.zip`];
    return runOriginal(settings.python, local.stack.s3, 'original_zip.py', args);
  };
  const ways = [
    { name: 'stowage, a whole job', run: () => zipOnce(settings) },
    { name: 'original: zipfile in memory, deflate', run: () => original('deflated') },
    { name: 'the same, stored', run: () => original('stored') },
    {
      name: 'archiver 8, stored, streaming',
      run: () => zipWithArchiver({ s3, bucket: BUCKET, keys, target: 'zips/archiver.zip' }),
    },
  ];
  const seconds = await takeTurns(`${COUNT} x 1 MiB, S3 to S3`, ways, rounds, say);
  s3.destroy();
  const [ours = []] = seconds;
  const rows = ways.map(({ name }, at) => [
    name,
    inTime(median(seconds[at] ?? [])),
    at === 0 ? '' : timesAsFast(ours, seconds[at] ?? []),
  ]);
  return tableOf([`${COUNT} x 1 MiB, S3 to S3`, 'time', 'stowage is times as fast'], rows);
}

async function zipOnce({ local }: Settings): Promise<number> {
  const input = {
    prefix: `s3://${BUCKET}/${PREFIX}`,
    output: `s3://${BUCKET}/zips/stowage.zip`,
    on_error: 'fail',
  };
  const { seconds, result } = await runJob(local, 'bulkZip', input);
  const { status, entries } = result as BulkZipResult;
  if (status !== 'complete' || entries !== COUNT) throw new Error(`${status}: ${entries} entries`);
  return seconds;
}
