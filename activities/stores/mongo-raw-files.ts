/** The catalogue in MongoDB. Only ever `find`: nothing of this program writes there. */
import { MongoClient, type CommandStartedEvent, type MongoClientOptions } from 'mongodb';
import type { RawFileDocument } from '../../core/plan.js';
import type { RawFiles } from '../ports.js';

export interface MongoRawFilesOptions {
  readonly uri: string;
  readonly database: string;
  /** Is told the name of each command that is sent, so that tests can prove that none of them writes. */
  readonly onCommand?: (commandName: string) => void;
}

const COLLECTION = 'raw_file';
/** Ids are short: 500 of them stay far below MongoDB's 16 MB for one command, and one answer fits into memory. */
const IDS_PER_QUERY = 500;
const SERVER_SELECTION_MS = 10_000;
/** What a plan reads; whatever else a document holds stays where it is. */
const PROJECTION = { project_id: 1, s3_upload_path: 1, file_info: 1 } as const;

/** Raw files of the catalogue. Connects when first asked; read preference and credentials as the URI says. */
export function createMongoRawFiles(options: MongoRawFilesOptions): RawFiles & { close(): Promise<void> } {
  let client: MongoClient | null = null;
  const connected = (): MongoClient => (client ??= createClient(options));
  return {
    find: async (ids, signal) => {
      try {
        const found = [];
        for (let at = 0; at < ids.length; at += IDS_PER_QUERY)
          found.push(
            ...(await findSome(connected(), options.database, ids.slice(at, at + IDS_PER_QUERY), signal)),
          );
        return found;
      } catch (error) {
        throw new Error(problemText(error, client), { cause: error });
      }
    },
    close: async () => {
      await client?.close();
      client = null;
    },
  };
}

const findSome = (
  client: MongoClient,
  database: string,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<RawFileDocument[]> =>
  client
    .db(database)
    .collection<RawFileDocument>(COLLECTION)
    .find({ _id: { $in: ids } }, { projection: PROJECTION, signal })
    .toArray();

function createClient({ uri, onCommand }: MongoRawFilesOptions): MongoClient {
  const settings: MongoClientOptions = {
    // The driver lets options win over the URI; here the URI wins.
    ...(/[?&]serverSelectionTimeoutMS=/i.test(uri) ? {} : { serverSelectionTimeoutMS: SERVER_SELECTION_MS }),
    appName: 'stowage',
    monitorCommands: onCommand !== undefined,
  };
  const client = new MongoClient(uri, settings);
  client.on('commandStarted', (event: CommandStartedEvent) => onCommand?.(event.commandName));
  return client;
}

/** One sentence that names the server and the setting. The driver's own texts are kept only where they hold no URI. */
function problemText(error: unknown, client: MongoClient | null): string {
  if (client === null) return 'MONGODB_URI is not a MongoDB URI (mongodb://host:port or mongodb+srv://host).';
  const hosts = client.options.srvHost ?? client.options.hosts.map(String).join(',');
  const { name, message, code } = error as { name: string; message: string; code?: number | string };
  if (code === AUTHENTICATION_FAILED || code === UNAUTHORIZED)
    return `MongoDB at ${hosts} refuses the user of MONGODB_URI: ${firstLine(message)}.`;
  const seconds = client.options.serverSelectionTimeoutMS / 1000;
  if (name === 'MongoServerSelectionError')
    return `No MongoDB at ${hosts} (MONGODB_URI) within ${seconds} s: ${firstLine(message)}.`;
  return `MongoDB at ${hosts} (MONGODB_URI) did not answer: ${firstLine(message)}.`;
}

const AUTHENTICATION_FAILED = 18;
const UNAUTHORIZED = 13;

const firstLine = (text: string): string => (text.split('\n', 1)[0] ?? '').replace(/\.$/, '');
