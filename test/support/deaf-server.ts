/** A TCP proxy before MongoDB or S3 that cuts the connection of whoever sends a message with a forbidden word. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface DeafServer {
  readonly uri: string;
  /** Null: everything passes. */
  forbid(word: string | null): void;
  /** Messages that were not passed on. */
  cuts(): number;
  close(): Promise<void>;
}

export async function startDeafServer(uri: string): Promise<DeafServer> {
  const { protocol, hostname, port } = new URL(uri);
  const sockets = new Set<Socket>();
  let forbidden: string | null = null;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => [client, upstream].map((either) => either.destroy()));
    }
    upstream.pipe(client);
    client.on('data', (chunk: Buffer) => {
      if (forbidden === null || !chunk.includes(forbidden)) return void upstream.write(chunk);
      cuts += 1;
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    uri: `${protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`,
    forbid: (word) => void (forbidden = word),
    cuts: () => cuts,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
