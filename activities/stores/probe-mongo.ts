/** One look at the catalogue for `stowage doctor`: does it answer, is `raw_file` readable, may this user write? */
import { MongoClient, MongoParseError, MongoServerError, type Db } from 'mongodb';

export interface MongoProbeTarget {
  readonly uri: string;
  readonly database: string;
  readonly timeoutMs: number;
}

export type MongoProbeAnswer =
  | { readonly kind: 'bad-uri' | 'refused' | 'unreachable'; readonly message: string }
  | {
      readonly kind: 'answers';
      readonly hasDocuments: boolean;
      /** The `s3_upload_path` of some raw file: names a bucket to look for. */
      readonly sampleS3Path: string | null;
      readonly rights: MongoRights;
    };

/** `unknown` where the server does not tell; `open` where it asks for no user at all. */
export type MongoRights =
  | { readonly kind: 'unknown' | 'open' | 'read-only' }
  | { readonly kind: 'writes'; readonly actions: readonly string[] };

/** Only reads, and asks once. */
export async function probeMongo({ uri, database, timeoutMs }: MongoProbeTarget): Promise<MongoProbeAnswer> {
  let client: MongoClient | undefined;
  try {
    const limits = {
      serverSelectionTimeoutMS: timeoutMs,
      connectTimeoutMS: timeoutMs,
      socketTimeoutMS: timeoutMs,
    };
    client = new MongoClient(uri, { ...limits, appName: 'stowage doctor' });
    const db = client.db(database);
    const found = await readSample(db);
    return { kind: 'answers', ...found, rights: await rightsOf(db, database) };
  } catch (error) {
    return { kind: kindOf(error), message: error instanceof Error ? error.message : String(error) };
  } finally {
    await client?.close();
  }
}

function kindOf(error: unknown): 'bad-uri' | 'refused' | 'unreachable' {
  // The driver reports a malformed option or port as a plain TypeError or RangeError.
  if (error instanceof MongoParseError || error instanceof TypeError || error instanceof RangeError)
    return 'bad-uri';
  return error instanceof MongoServerError ? 'refused' : 'unreachable';
}

async function readSample(
  db: Db,
): Promise<{ readonly hasDocuments: boolean; readonly sampleS3Path: string | null }> {
  const rawFiles = db.collection('raw_file');
  const projection = { s3_upload_path: 1 };
  const sample = await rawFiles.findOne({ s3_upload_path: { $ne: null } }, { projection });
  const path: unknown = sample?.['s3_upload_path'];
  const hasDocuments = sample !== null || (await rawFiles.findOne({}, { projection })) !== null;
  return { hasDocuments, sampleS3Path: typeof path === 'string' ? path : null };
}

interface Privilege {
  readonly resource?: { readonly db?: string; readonly anyResource?: boolean };
  readonly actions?: readonly string[];
}
interface AuthInfo {
  readonly authenticatedUsers?: readonly unknown[];
  readonly authenticatedUserPrivileges?: readonly Privilege[];
}

/** Stand-ins and proxies of MongoDB do not know the command; then nothing is said. */
async function rightsOf(db: Db, database: string): Promise<MongoRights> {
  try {
    const status = await db.command({ connectionStatus: 1, showPrivileges: true });
    return readRights((status['authInfo'] ?? {}) as AuthInfo, database);
  } catch {
    return { kind: 'unknown' };
  }
}

const WRITES = new Set([
  'insert',
  'update',
  'remove',
  'dropCollection',
  'dropDatabase',
  'renameCollectionSameDB',
  'anyAction',
]);

/** What the answer of `connectionStatus` says about writing to one database. */
export function readRights(info: AuthInfo, database: string): MongoRights {
  if (info.authenticatedUsers?.length === 0) return { kind: 'open' };
  if (info.authenticatedUserPrivileges === undefined) return { kind: 'unknown' };
  const here = info.authenticatedUserPrivileges.filter(({ resource }) => concerns(resource, database));
  const actions = [...new Set(here.flatMap((privilege) => privilege.actions ?? []))].filter((action) =>
    WRITES.has(action),
  );
  return actions.length === 0 ? { kind: 'read-only' } : { kind: 'writes', actions };
}

/** An empty database name in a privilege means every database. */
const concerns = (resource: Privilege['resource'], database: string): boolean =>
  resource?.anyResource === true || resource?.db === '' || resource?.db === database;
