/** A laboratory for bulk ZIPs: a lab (lab.ts) with buckets of attachments and of ZIPs, the therapist's database, and judges. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { MongoClient } from 'mongodb';
import type { Db } from 'mongodb';
import type { BulkZipResult } from '../../core/zip-contract.js';
import { openLab, serversOf } from './lab.js';
import type { Lab, LabOptions } from './lab.js';
import { testingReaders, listingReaders } from './zip-readers.js';
import type { ListingReader, TestingReader } from './zip-readers.js';

/** A client's file. */
export interface FileSpec {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly id?: string;
  readonly workspaceId?: string;
  readonly clientId?: string;
  readonly deleted?: boolean;
  /** Over what the document would say. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** The document alone. */
  readonly withoutObject?: boolean;
}

export interface ZipEnd {
  readonly result: BulkZipResult | null;
  readonly failure: {
    readonly type: string;
    readonly message: string;
    readonly reason: string | null;
  } | null;
}

export interface ZipLab {
  readonly lab: Lab;
  readonly s3: S3Client;
  readonly db: Db;
  readonly workspaceId: string;
  readonly clientId: string;
  readonly attachmentsBucket: string;
  readonly zipBucket: string;
  /** Stores a file and its document. Returns its id. */
  add(file: FileSpec): Promise<string>;
  /** The workflow's argument for attachments of the lab's own client. */
  attachments(ids: readonly string[], more?: object): object;
  makeBucket(name: string): Promise<string>;
  start(input: unknown): Promise<WorkflowHandle>;
  run(input: unknown): Promise<ZipEnd>;
  end(handle: WorkflowHandle): Promise<ZipEnd>;
  /** Downloads a ZIP, has every reader at hand judge it, and returns name → bytes in the order of the ZIP. */
  open(result: BulkZipResult | null): Promise<ReadonlyMap<string, Uint8Array>>;
  read(uri: string): Promise<Uint8Array>;
  keys(bucket: string): Promise<readonly string[]>;
  /** Keys of multipart uploads that were begun and have not ended. */
  uploads(bucket: string): Promise<readonly string[]>;
  audit(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

export async function openZipLab(options: LabOptions = {}): Promise<ZipLab> {
  const unique = randomUUID().slice(0, 8);
  const [attachmentsBucket, zipBucket, database] = [`att-${unique}`, `zips-${unique}`, `clients-${unique}`];
  const own = {
    STOWAGE_ATTACHMENTS_BUCKET: attachmentsBucket,
    STOWAGE_ZIP_BUCKET: zipBucket,
    STOWAGE_ZIP_DB: database,
  };
  const lab = await openLab({ ...options, env: { ...own, ...options.env } });
  const { endpoint, region, accessKeyId, secretAccessKey, mongoUri } = serversOf(database);
  const s3 = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const mongo = await MongoClient.connect(mongoUri);
  const db = mongo.db(database);
  const [workspaceId, clientId] = [randomUUID(), randomUUID()];
  const makeBucket = async (name: string): Promise<string> => {
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    return name;
  };
  await Promise.all([makeBucket(attachmentsBucket), makeBucket(zipBucket)]);
  await db
    .collection<{ _id: string }>('workspaces')
    .insertOne({ _id: workspaceId, status: 'active' } as never);
  await db
    .collection<{ _id: string }>('clients')
    .insertOne({ _id: clientId, workspace_id: workspaceId } as never);
  const read = (uri: string): Promise<Uint8Array> => readObject(s3, uri);
  const start = (input: unknown): Promise<WorkflowHandle> =>
    lab.client.workflow.start('bulkZip', {
      taskQueue: lab.taskQueue,
      workflowId: `zip-${randomUUID()}`,
      args: [input],
    });
  return {
    lab,
    s3,
    db,
    workspaceId,
    clientId,
    attachmentsBucket,
    zipBucket,
    makeBucket,
    start,
    read,
    add: async ({ name, bytes, document = {}, ...file }) => {
      const { id = randomUUID(), deleted = false, withoutObject = false } = file;
      const place = { workspace_id: file.workspaceId ?? workspaceId, client_id: file.clientId ?? clientId };
      const s3_key = `workspaces/${place.workspace_id}/clients/${place.client_id}/attachments/${id}.bin`;
      if (!withoutObject) await lab.corpus.put(attachmentsBucket, s3_key, bytes);
      await db.collection<{ _id: string }>('attachments').insertOne({
        _id: id,
        ...place,
        file_name: name,
        s3_key,
        file_size_bytes: bytes.length,
        content_type: 'application/octet-stream',
        deleted_at: deleted ? new Date() : null,
        created_at: new Date('2025-03-04T05:06:08Z'),
        ...document,
      } as never);
      return id;
    },
    attachments: (ids, more = {}) => ({
      attachments: {
        workspace_id: workspaceId,
        client_id: clientId,
        attachment_ids: ids,
        requested_by: 'user-1',
      },
      ...more,
    }),
    run: async (input) => zipEndOf(await start(input)),
    end: zipEndOf,
    open: async (result) => openZip(lab, await read(result?.uri ?? '')),
    keys: async (bucket) => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    uploads: async (bucket) => {
      const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.map(({ Key = '' }) => Key);
    },
    audit: () => db.collection('audit_events').find().toArray(),
    close: async () => {
      await lab.close();
      s3.destroy();
      await mongo.close();
    },
  };
}

async function readObject(s3: S3Client, uri: string): Promise<Uint8Array> {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

export async function zipEndOf(handle: Pick<WorkflowHandle, 'result'>): Promise<ZipEnd> {
  try {
    return { result: (await handle.result()) as BulkZipResult, failure: null };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const isOurs = cause instanceof ApplicationFailure;
    const [detail] = (isOurs ? (cause.details ?? []) : []) as readonly { readonly reason?: string }[];
    return {
      result: null,
      failure: {
        type: isOurs ? (cause.type ?? '') : (cause?.name ?? ''),
        message: cause?.message ?? '',
        reason: detail?.reason ?? null,
      },
    };
  }
}

/** Which readers there are is asked once. */
let readers: Promise<readonly [readonly TestingReader[], readonly ListingReader[]]> | null = null;

/** All readers agree on the ZIP; its entries. */
export async function openZip(
  { folder }: Pick<Lab, 'folder'>,
  bytes: Uint8Array,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const path = join(folder, `${randomUUID()}.zip`);
  await writeFile(path, bytes);
  const [testing, listing] = await (readers ??= Promise.all([testingReaders(), listingReaders()]));
  for (const { test } of testing) await test(path);
  const listings = await Promise.all(listing.map(({ read }) => read([path])));
  const [first, ...others] = listings.map(([entries = []]) =>
    entries.map(({ name, sizeBytes, crc32 }) => ({ name, sizeBytes, crc32 })),
  );
  for (const other of others)
    if (JSON.stringify(other) !== JSON.stringify(first)) throw new Error('two readers read different ZIPs');
  return readZip(path);
}

/** The entries of a ZIP as yauzl reads them, CRC32s checked. */
export async function readZip(path: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(path, { strictFileNames: true, autoClose: false });
  const entries = new Map<string, Uint8Array>();
  for await (const entry of zip.eachEntry()) {
    const chunks: Buffer[] = [];
    for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>)
      chunks.push(chunk);
    entries.set(entry.fileName, Buffer.concat(chunks));
  }
  zip.close();
  return entries;
}
