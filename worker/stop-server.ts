/** A graceful stop: answers that are under way end, and nothing else holds the process up. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** A connection that stays open after its answer has ended is closed soon after. */
const IDLE_CHECK_MS = 100;

/** Call it before the app listens; the function that it returns stops the app, and cuts after `mostMs` what is under way. */
export function stoppable(app: FastifyInstance): (mostMs: number) => Promise<void> {
  const { server } = app;
  const silent = new Set<Socket>();
  // Node counts a connection without any request as busy, until its headers are overdue.
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  const closeIdle = (): void => {
    server.closeIdleConnections();
    for (const socket of silent) socket.destroy();
  };
  return async (mostMs) => {
    const idle = setInterval(closeIdle, IDLE_CHECK_MS);
    const limit = setTimeout(() => server.closeAllConnections(), mostMs);
    await app.close().finally(() => {
      clearInterval(idle);
      clearTimeout(limit);
    });
  };
}
