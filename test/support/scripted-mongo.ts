/** A server that speaks just enough of MongoDB's wire protocol to be asked, and answers what a test wants. */
import { BSON } from 'mongodb';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface ScriptedMongo {
  readonly uri: string;
  /** Commands other than handshakes, in their order. */
  readonly commands: readonly BSON.Document[];
  close(): Promise<void>;
}

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;

const HELLO = {
  ismaster: true,
  isWritablePrimary: true,
  helloOk: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  minWireVersion: 0,
  maxWireVersion: 21,
  ok: 1,
};

/** `answerTo`: null for silence, 'hang up' for a connection that breaks. */
export async function startScriptedMongo(
  answerTo: (command: BSON.Document, nth: number) => BSON.Document | 'hang up' | null,
): Promise<ScriptedMongo> {
  const commands: BSON.Document[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    let heard = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      while (heard.length >= 4 && heard.length >= heard.readInt32LE(0)) {
        const message = heard.subarray(0, heard.readInt32LE(0));
        heard = heard.subarray(message.length);
        const command = commandOf(message);
        const isHandshake = 'hello' in command || 'ismaster' in command;
        const answer = isHandshake ? HELLO : answerTo(command, commands.push(command) - 1);
        if (answer === 'hang up') socket.destroy();
        else if (answer !== null) socket.write(replyTo(message, answer));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    uri: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}`,
    commands,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const isQuery = (message: Buffer): boolean => message.readInt32LE(12) === OP_QUERY;

function commandOf(message: Buffer): BSON.Document {
  const from = isQuery(message) ? message.indexOf(0, HEADER_BYTES + 4) + 1 + 8 : HEADER_BYTES + 5;
  return BSON.deserialize(message.subarray(from, from + message.readInt32LE(from)));
}

function replyTo(message: Buffer, answer: BSON.Document): Buffer {
  const head = Buffer.alloc(HEADER_BYTES + (isQuery(message) ? 20 : 5));
  const document = BSON.serialize(answer);
  head.writeInt32LE(head.length + document.length, 0);
  head.writeInt32LE(message.readInt32LE(4), 8);
  head.writeInt32LE(isQuery(message) ? OP_REPLY : OP_MSG, 12);
  // One document in OP_REPLY.
  if (isQuery(message)) head.writeInt32LE(1, HEADER_BYTES + 16);
  return Buffer.concat([head, document]);
}
