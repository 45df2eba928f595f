/**
 * Raw files as the catalogue's own uploader leaves them: objects in S3, uploaded in parts from one part size upwards, and a
 * document in MongoDB whose ETags were computed from the local file. For the demo, the tests and the benchmarks.
 */
import { createCipheriv, createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { MongoClient } from 'mongodb';
import { etagOfParts, partRanges } from '../core/etag.js';
import { MEBIBYTE } from '../core/units.js';

export interface CorpusServers {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly mongoUri: string;
  readonly database: string;
}

/** Bytes that are read piece by piece, where a file may be larger than memory. */
export interface FileSource {
  readonly sizeBytes: number;
  /** The bytes `[start, end)`. */
  readonly read: (start: number, end: number) => Promise<Uint8Array>;
}

/** `[size, md5, "<etag>__<chunk MB>"]` */
export type FileInfo = readonly [number, string, string];

export interface RawFileSpec {
  readonly id: string;
  readonly project: string;
  /** Relative path → bytes. */
  readonly files: Readonly<Record<string, Uint8Array | FileSource>>;
  readonly chunkMb?: number;
  /** Below the bucket; none by default. */
  readonly prefix?: string;
  readonly bucket?: string;
}

export interface Corpus {
  /** Uploads and catalogues one raw file. Returns its file_info. */
  add(spec: RawFileSpec): Promise<Readonly<Record<string, FileInfo>>>;
  /** Puts an object as it is: to corrupt or replace one. */
  put(bucket: string, key: string, bytes: Uint8Array): Promise<void>;
  remove(bucket: string, key: string): Promise<void>;
  /** Writes a document to the catalogue, over an older one of its id. */
  catalogue(document: Readonly<Record<string, unknown>> & { readonly _id: string }): Promise<void>;
  close(): Promise<void>;
}

/** Bytes that look random and are the same for the same seed. */
export function noise(sizeBytes: number, seed: string): Uint8Array {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** What the catalogue's uploader writes for a file. */
export function fileInfoOf(bytes: Uint8Array, chunkMb: number): FileInfo {
  const parts = partRanges(bytes.length, chunkMb * MEBIBYTE).map(([start, end]) =>
    md5(bytes.subarray(start, end)),
  );
  return [bytes.length, md5(bytes), `${etagOfParts(parts, md5)}__${chunkMb}`];
}

const sourceOf = (file: Uint8Array | FileSource): FileSource =>
  file instanceof Uint8Array
    ? { sizeBytes: file.length, read: async (start, end) => file.subarray(start, end) }
    : file;

export const bucketOf = (project: string): string =>
  `stowage-${project.toLowerCase().replace(/[_. ]/g, '-')}`;

export async function openCorpus(servers: CorpusServers): Promise<Corpus> {
  const { endpoint, region, accessKeyId, secretAccessKey } = servers;
  const s3 = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const mongo = await MongoClient.connect(servers.mongoUri);
  const rawFiles = mongo.db(servers.database).collection<{ _id: string }>('raw_file');
  const catalogue: Corpus['catalogue'] = async (document) => {
    await rawFiles.deleteOne({ _id: document._id });
    await rawFiles.insertOne(document);
  };
  return {
    add: async (spec) => addRawFile(s3, catalogue, spec),
    put: async (bucket, key, bytes) =>
      void (await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }))),
    remove: async (bucket, key) =>
      void (await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))),
    catalogue,
    close: async () => {
      s3.destroy();
      await mongo.close();
    },
  };
}

async function addRawFile(
  s3: S3Client,
  catalogue: Corpus['catalogue'],
  { id, project, files, chunkMb = 100, prefix = '', bucket = bucketOf(project) }: RawFileSpec,
): Promise<Readonly<Record<string, FileInfo>>> {
  await s3.send(new CreateBucketCommand({ Bucket: bucket })).catch(ignoreExisting);
  const info: Record<string, FileInfo> = {};
  for (const [path, file] of Object.entries(files)) {
    const key = prefix === '' ? path : `${prefix}/${path}`;
    info[path] = await uploadLikeTheOriginal(s3, bucket, key, sourceOf(file), chunkMb);
  }
  await catalogue({
    _id: id,
    original_name: id,
    instrument_id: 'test1',
    project_id: project,
    status: 'done',
    backup_status: 'upload_done',
    s3_upload_path: prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}/`,
    size: Object.values(info).reduce((sum, [bytes]) => sum + bytes, 0),
    file_info: info,
    created_at: new Date(),
  });
  return info;
}

const ignoreExisting = (error: Error): void => {
  if (!error.name.startsWith('BucketAlready')) throw error;
};

/** Multipart from one part size upwards: a file of exactly one part becomes a multipart upload of one part. */
async function uploadLikeTheOriginal(
  s3: S3Client,
  bucket: string,
  key: string,
  { sizeBytes, read }: FileSource,
  chunkMb: number,
): Promise<FileInfo> {
  const target = { Bucket: bucket, Key: key };
  if (sizeBytes < chunkMb * MEBIBYTE) {
    const bytes = await read(0, sizeBytes);
    await s3.send(new PutObjectCommand({ ...target, Body: bytes }));
    return fileInfoOf(bytes, chunkMb);
  }
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
  const whole = createHash('md5');
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  const partMd5s: string[] = [];
  for (const [part, [start, end]] of partRanges(sizeBytes, chunkMb * MEBIBYTE).entries()) {
    const bytes = await read(start, end);
    whole.update(bytes);
    partMd5s.push(md5(bytes));
    const request = { ...target, UploadId, PartNumber: part + 1, Body: bytes };
    const { ETag } = await s3.send(new UploadPartCommand(request));
    Parts.push({ PartNumber: part + 1, ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
  return [sizeBytes, whole.digest('hex'), `${etagOfParts(partMd5s, md5)}__${chunkMb}`];
}
