import * as http from 'node:http';
import * as https from 'node:https';

export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** Keep-alive connections of our own; the last used one first, so that idle ones end. */
export const createAgents = (maxSockets: number): Agents => ({
  http: new http.Agent({ keepAlive: true, maxSockets, scheduling: 'lifo' }),
  https: new https.Agent({ keepAlive: true, maxSockets, scheduling: 'lifo' }),
});

export interface SendOptions {
  readonly method: 'GET' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
  readonly agents: Agents;
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Sends a request without a body and waits for the answer's head, at most `stallTimeoutMs` from when it has a socket. */
export async function send(url: string, options: SendOptions): Promise<http.IncomingMessage> {
  for (;;) {
    options.signal.throwIfAborted();
    const request = open(url, options);
    try {
      return await answerOf(request, options);
    } catch (error) {
      if (!wasClosedWhileIdle(request, error) || options.signal.aborted) throw error;
    }
  }
}

/** The server closed an idle connection at the moment we took it: not a failure, the next socket is tried. */
const wasClosedWhileIdle = (request: http.ClientRequest, error: unknown): boolean =>
  request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The path goes out as it was signed: parsed as a URL, `a/../b` would become another key. */
function open(url: string, { method, headers, agents }: SendOptions): http.ClientRequest {
  const [, origin = '', path = '/'] = /^(https?:\/\/[^/]*)(.*)$/s.exec(url) ?? [];
  const { protocol, hostname, port } = new URL(origin);
  const target = { hostname: hostname.replace(/^\[|\]$/g, ''), port, path, method, headers };
  const request =
    protocol === 'https:'
      ? https.request({ ...target, agent: agents.https })
      : http.request({ ...target, agent: agents.http });
  return request.end();
}

function answerOf(request: http.ClientRequest, options: SendOptions): Promise<http.IncomingMessage> {
  const { stallTimeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    // A request that still waits for a socket tells of its end only when it gets one.
    const abort = (): void => {
      request.destroy(signal.reason as Error);
      settle();
      reject(signal.reason as Error);
    };
    const tooLate = (): void => void request.destroy(new Error(`no answer for ${stallTimeoutMs / 1000} s`));
    request.once('socket', () => (timer = setTimeout(tooLate, stallTimeoutMs)));
    request.once('close', settle);
    // Stays: what breaks after the head is told by the body, and must not be an uncaught error here.
    request.on('error', (error) => {
      settle();
      reject(error);
    });
    request.once('response', (response) => {
      settle();
      // Until someone reads it: a body that breaks at once must not be an uncaught error.
      response.on('error', () => {});
      resolve(response);
    });
    signal.addEventListener('abort', abort, { once: true });
  });
}
