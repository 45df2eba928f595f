import { MongoClient } from 'mongodb';
import type { Db } from 'mongodb';
import { DatabaseProblem } from '../zip-ports.js';
import type { Attachment, Attachments } from '../zip-ports.js';
import { againIfBroken, insertEvent } from './mongo-audit.js';

export interface MongoAttachmentsOptions {
  readonly uri: string;
  readonly database: string;
  /** How long one question may take, whatever the server says. */
  readonly timeoutMs?: number;
}

interface AttachmentDocument {
  readonly _id: string;
  readonly file_name?: unknown;
  readonly s3_key?: unknown;
  readonly file_size_bytes?: unknown;
  readonly content_type?: unknown;
  readonly etag?: unknown;
  readonly created_at?: unknown;
}

const SERVER_SELECTION_MS = 10_000;
/** A server that is there but silent: somebody waits for the ZIP. */
const TIMEOUT_MS = 20_000;
const PROJECTION = {
  file_name: 1,
  s3_key: 1,
  file_size_bytes: 1,
  content_type: 1,
  etag: 1,
  created_at: 1,
} as const;

/** The therapist's database: attachments are read, audit events are inserted; nothing else is ever done. Connects when first asked. */
export function createMongoAttachments({
  uri,
  database,
  timeoutMs = TIMEOUT_MS,
}: MongoAttachmentsOptions): Attachments & { close(): Promise<void> } {
  let client: MongoClient | null = null;
  const asking = async <T>(ask: (db: Db) => Promise<T>): Promise<T> => {
    try {
      client ??= new MongoClient(uri, {
        serverSelectionTimeoutMS: SERVER_SELECTION_MS,
        timeoutMS: timeoutMs,
        // With a time-out the driver would try again until it is over; the step tries again, and knows when to stop.
        retryReads: false,
        appName: 'stowage-zip',
      });
      const db = client.db(database);
      return await againIfBroken(() => ask(db));
    } catch (error) {
      throw new DatabaseProblem(problemText(error, database));
    }
  };
  return {
    isServed: (workspaceId) => asking((db) => reading(db).isServed(workspaceId)),
    clientExists: (workspaceId, clientId) => asking((db) => reading(db).clientExists(workspaceId, clientId)),
    find: (query) => asking((db) => reading(db).find(query)),
    recordAccess: (event, signal) => asking((db) => insertEvent(db, event, { timeoutMS: timeoutMs, signal })),
    close: async () => {
      await client?.close();
      client = null;
    },
  };
}

/** The driver's own text may repeat a document; its name and code do not. */
function problemText(error: unknown, database: string): string {
  const { name, code } = error as { readonly name?: string; readonly code?: unknown };
  const what = [name ?? 'Error', ...(typeof code === 'number' || typeof code === 'string' ? [code] : [])];
  return `The database ${database} (STOWAGE_ZIP_DB at MONGODB_URI) did not answer: ${what.join(' ')}`;
}

function reading(db: Db): Pick<Attachments, 'isServed' | 'clientExists' | 'find'> {
  const workspaces = db.collection<{ _id: string; status?: string }>('workspaces');
  const clients = db.collection<{ _id: string; workspace_id: string }>('clients');
  const attachments = db.collection<AttachmentDocument>('attachments');
  return {
    isServed: async (workspaceId) => {
      const workspace = await workspaces.findOne({ _id: workspaceId });
      return workspace === null || workspace.status === undefined || workspace.status === 'active';
    },
    clientExists: async (workspaceId, clientId) =>
      (await clients.findOne({ _id: clientId, workspace_id: workspaceId })) !== null,
    find: async ({ workspaceId, clientId, ids }) => {
      const filter = {
        _id: { $in: [...ids] },
        client_id: clientId,
        workspace_id: workspaceId,
        deleted_at: null,
      };
      return (await attachments.find(filter, { projection: PROJECTION }).toArray()).map(attachmentOf);
    },
  };
}

function attachmentOf(document: AttachmentDocument): Attachment {
  const { _id, file_name, s3_key, file_size_bytes, content_type, etag, created_at } = document;
  return {
    id: _id,
    fileName: textOf(file_name) ?? '',
    s3Key: textOf(s3_key) ?? '',
    sizeBytes: sizeOf(file_size_bytes),
    contentType: textOf(content_type),
    etag: textOf(etag),
    createdAtMs: created_at instanceof Date ? created_at.getTime() : null,
  };
}

/** Whatever type a program stored it as. What is no size is not known: then that of the object counts. */
function sizeOf(value: unknown): number | null {
  const size = Number(/^\d+$/.test(String(value)) ? String(value) : Number.NaN);
  return Number.isSafeInteger(size) ? size : null;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
