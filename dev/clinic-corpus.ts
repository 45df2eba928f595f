/** A small therapist's practice for the development API: one client's attachments, with the names that people give to files. */
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { MongoClient } from 'mongodb';
import type { Db } from 'mongodb';
import { MEBIBYTE } from '../core/units.js';
import { noise } from './corpus.js';
import type { CorpusServers } from './corpus.js';

const id = (at: number): string => `c1141c00-0000-4000-8000-${String(at).padStart(12, '0')}`;

export const CLINIC = { user: 'dev-user', workspaceId: id(1), clientId: id(2), sessionId: id(3) } as const;

interface ClinicFile {
  readonly name: string;
  /** What it is called in a ZIP of all of them. */
  readonly inZip: string;
  readonly sizeBytes: number;
  readonly session?: true;
}

export const CLINIC_FILES: readonly ClinicFile[] = [
  { name: 'document.pdf', inZip: 'document.pdf', sizeBytes: 48_000 },
  { name: 'document.pdf', inZip: 'document (2).pdf', sizeBytes: 52_000 },
  { name: 'Document.PDF', inZip: 'Document (3).PDF', sizeBytes: 9000 },
  { name: 'README', inZip: 'README', sizeBytes: 700 },
  { name: 'README', inZip: 'README (2)', sizeBytes: 800 },
  { name: 'my.file.tar.gz', inZip: 'my.file.tar.gz', sizeBytes: 20_000 },
  { name: 'my.file.tar.gz', inZip: 'my.file.tar (2).gz', sizeBytes: 21_000 },
  { name: 'Zoë’s drawing.jpg', inZip: 'Zoë’s drawing.jpg', sizeBytes: 300_000 },
  { name: 'תיק רפואי.pdf', inZip: 'תיק רפואי.pdf', sizeBytes: 30_000 },
  { name: '../../etc/passwd', inZip: 'passwd', sizeBytes: 1000 },
  { name: 'MRI scan.dcm', inZip: 'MRI scan.dcm', sizeBytes: 12 * MEBIBYTE },
  { name: 'empty.txt', inZip: 'empty.txt', sizeBytes: 0 },
  { name: 'session notes.txt', inZip: 'session notes.txt', sizeBytes: 4000, session: true },
];

/** In the order of CLINIC_FILES. */
export const CLINIC_IDS: readonly string[] = CLINIC_FILES.map((_, at) => id(100 + at));

export interface ClinicPlace extends CorpusServers {
  readonly bucket: string;
  readonly zipBucket: string;
}

/** Puts everything where the worker looks for it; what an earlier start has left is replaced. */
export async function makeClinic(place: ClinicPlace): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = place;
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  const mongo = await MongoClient.connect(place.mongoUri);
  try {
    for (const Bucket of [place.bucket, place.zipBucket])
      await s3.send(new CreateBucketCommand({ Bucket })).catch(ignoreExisting);
    await addDocuments(mongo.db(place.database));
    for (const [at, { sizeBytes }] of CLINIC_FILES.entries()) {
      const Body = noise(sizeBytes, `attachment ${at}`);
      await s3.send(new PutObjectCommand({ Bucket: place.bucket, Key: keyOf(at), Body }));
    }
  } finally {
    s3.destroy();
    await mongo.close();
  }
}

const keyOf = (at: number): string =>
  `workspaces/${CLINIC.workspaceId}/clients/${CLINIC.clientId}/attachments/${CLINIC_IDS[at] ?? ''}`;

const ignoreExisting = (error: Error): void => {
  if (!error.name.startsWith('BucketAlready')) throw error;
};

async function addDocuments(db: Db): Promise<void> {
  await replace(db, 'workspaces', { _id: CLINIC.workspaceId, status: 'active' });
  await replace(db, 'clients', { _id: CLINIC.clientId, workspace_id: CLINIC.workspaceId });
  for (const [at, file] of CLINIC_FILES.entries()) await replace(db, 'attachments', documentOf(at, file));
}

const documentOf = (at: number, { name, sizeBytes, session }: ClinicFile) => ({
  _id: CLINIC_IDS[at] ?? '',
  workspace_id: CLINIC.workspaceId,
  client_id: CLINIC.clientId,
  file_name: name,
  s3_key: keyOf(at),
  file_size_bytes: sizeBytes,
  content_type: 'application/octet-stream',
  deleted_at: null,
  created_at: new Date(Date.UTC(2025, 9, 1 + at, 14, 30)),
  ...(session === true ? { session_id: CLINIC.sessionId } : {}),
});

async function replace(
  db: Db,
  name: string,
  document: Readonly<Record<string, unknown>> & { readonly _id: string },
): Promise<void> {
  const collection = db.collection<{ _id: string }>(name);
  await collection.deleteOne({ _id: document._id });
  await collection.insertOne(document);
}

/** How many downloads of the practice's files are on record. */
export async function countDownloads({ mongoUri, database }: CorpusServers): Promise<number> {
  const mongo = await MongoClient.connect(mongoUri);
  try {
    const filter = { user_id: CLINIC.user, 'metadata.client_id': CLINIC.clientId };
    return await mongo.db(database).collection('audit_events').countDocuments(filter);
  } finally {
    await mongo.close();
  }
}
