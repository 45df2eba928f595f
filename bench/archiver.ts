/** The usual way in Node: bodies of the AWS SDK through archiver into a multipart upload. Nothing is checked or resumed. */
import type { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';
import { ZipArchive } from 'archiver';
import { MEBIBYTE } from '../core/units.js';

const PART_BYTES = 16 * MEBIBYTE;
const PARTS_IN_FLIGHT = 4;
/** Bodies asked for ahead of the one that is written. */
const GETS_AHEAD = 6;

export interface ArchiverRun {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly keys: readonly string[];
  readonly target: string;
}

/** Seconds from the first request to the completed upload. */
export async function zipWithArchiver({ s3, bucket, keys, target }: ArchiverRun): Promise<number> {
  const started = performance.now();
  const archive = new ZipArchive({ store: true });
  const read = async (key: string): Promise<Readable> =>
    (await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))).Body as Readable;
  await Promise.all([append(archive, keys, read), upload(s3, { Bucket: bucket, Key: target }, archive)]);
  return (performance.now() - started) / 1000;
}

async function append(
  archive: ZipArchive,
  keys: readonly string[],
  read: (key: string) => Promise<Readable>,
): Promise<void> {
  const ahead = keys.slice(0, GETS_AHEAD).map(read);
  for (const [at, key] of keys.entries()) {
    const body = await ahead.shift();
    const next = keys[at + GETS_AHEAD];
    if (next !== undefined) ahead.push(read(next));
    if (body === undefined) throw new Error(`${key} was not asked for`);
    const written = new Promise((done) => archive.once('entry', done));
    archive.append(body, { name: key });
    await written;
  }
  await archive.finalize();
}

async function upload(
  s3: S3Client,
  address: { readonly Bucket: string; readonly Key: string },
  zip: AsyncIterable<Buffer>,
): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(address));
  const parts: CompletedPart[] = [];
  const underWay = new Set<Promise<void>>();
  for await (const Body of inParts(zip)) {
    const PartNumber = parts.push({});
    const sent = s3
      .send(new UploadPartCommand({ ...address, UploadId, PartNumber, Body }))
      .then(({ ETag = '' }) => void (parts[PartNumber - 1] = { PartNumber, ETag }));
    const done = sent.finally(() => underWay.delete(done));
    underWay.add(done);
    if (underWay.size >= PARTS_IN_FLIGHT) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  const MultipartUpload = { Parts: parts };
  await s3.send(new CompleteMultipartUploadCommand({ ...address, UploadId, MultipartUpload }));
}

async function* inParts(zip: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let [chunks, bytes]: [Buffer[], number] = [[], 0];
  for await (const chunk of zip) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < PART_BYTES) continue;
    yield Buffer.concat(chunks);
    [chunks, bytes] = [[], 0];
  }
  yield Buffer.concat(chunks);
}
