/** A TCP proxy before MongoDB that hears the name of every command, whoever sends it. */
import { BSON } from 'mongodb';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface MongoEar {
  readonly uri: string;
  /** The names of all commands. */
  readonly commands: ReadonlySet<string>;
  /** Those that are none of reading, and what they went to: `insert audit_events`. */
  readonly others: ReadonlySet<string>;
  close(): Promise<void>;
}

/** What reads, and what every driver says to keep its connection. */
const HARMLESS =
  'find getMore killCursors connectionStatus hello ismaster isMaster ping buildInfo endSessions'.split(' ');

const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;

export async function startMongoEar(uri: string): Promise<MongoEar> {
  const { hostname, port } = new URL(uri);
  const commands = new Set<string>();
  const others = new Set<string>();
  const hear = ([name, target]: Command): void => {
    commands.add(name);
    if (!HARMLESS.includes(name)) others.add(`${name} ${target}`);
  };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => [client, upstream].map((either) => either.destroy()));
    }
    let heard = Buffer.alloc(0);
    client.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      for (let length = lengthOf(heard); length <= heard.length; length = lengthOf(heard)) {
        hear(commandOf(heard.subarray(0, length)));
        heard = heard.subarray(length);
      }
    });
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    uri: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}`,
    commands,
    others,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const lengthOf = (bytes: Buffer): number => (bytes.length < 4 ? Infinity : bytes.readInt32LE(0));

/** Its name, and what it goes to: mostly a collection. */
type Command = readonly [name: string, target: string];

function commandOf(message: Buffer): Command {
  const opCode = message.readInt32LE(12);
  if (opCode === OP_MSG) return firstEntry(message.subarray(HEADER_BYTES + 5));
  if (opCode !== OP_QUERY) return ['opcode', String(opCode)];
  const nameEnds = message.indexOf(0, HEADER_BYTES + 4);
  return firstEntry(message.subarray(nameEnds + 1 + 8));
}

/** The first key of a command's document is its name. */
function firstEntry(bytes: Buffer): Command {
  const document = BSON.deserialize(bytes.subarray(0, bytes.readInt32LE(0)));
  const [name, target] = Object.entries(document)[0] ?? ['', ''];
  return [name, String(target)];
}
