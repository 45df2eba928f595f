/** The audit trail in MongoDB: events are inserted and never read, so that the worker's user needs no other right. */
import { MongoNetworkError, MongoServerError } from 'mongodb';
import type { Db, Document } from 'mongodb';
import type { AccessEvent } from '../zip-ports.js';

const COLLECTION = 'audit_events';
const DUPLICATE_KEY = 11_000;

/** Durable when it returns: by a majority, journalled. Repeatable, because the event's id is that of its job. */
export async function insertEvent(
  db: Db,
  event: AccessEvent,
  options: { readonly timeoutMS: number; readonly signal: AbortSignal },
): Promise<void> {
  const insert = (): Promise<Document> =>
    db.command(
      {
        insert: COLLECTION,
        documents: [documentOf(event)],
        writeConcern: { w: 'majority', j: true },
      },
      options,
    );
  checkDurable(await insert());
}

/** Asks once more where the connection broke: one that broke while it was idle is no reason to make somebody wait. */
export const againIfBroken = <T>(ask: () => Promise<T>): Promise<T> =>
  ask().catch((error: unknown) => {
    if (error instanceof MongoNetworkError) return ask();
    throw error;
  });

/**
 * An event that is there already was inserted by a try whose answer got lost; MongoDB waits for the majority then, too, and says
 * in the same answer where it did not come. (insertOne would throw the first and drop the second.)
 */
function checkDurable({ writeErrors = [], writeConcernError }: Document): void {
  const failed = (writeErrors as readonly Document[]).find(({ code }) => code !== DUPLICATE_KEY);
  const problem = failed ?? (writeConcernError as Document | undefined);
  if (problem !== undefined) throw new MongoServerError(problem);
}

const documentOf = (event: AccessEvent): Document => ({
  _id: event.id,
  at: new Date(event.atMs),
  user_id: event.userId,
  workspace_id: event.workspaceId,
  action: 'READ',
  resource_type: 'SESSION_ATTACHMENT',
  resource_id: null,
  metadata: {
    client_id: event.clientId,
    attachment_count: event.attachmentIds.length,
    attachment_ids: [...event.attachmentIds],
    total_size_bytes: event.totalSizeBytes,
    operation: 'bulk_download',
  },
});
