/** `stowage api`: the HTTP API as a process. */
import { once } from 'node:events';
import { pino } from 'pino';
import { exitCodeOfProblem } from '../client/exit-code.js';
import { asProblem } from '../client/problem.js';
import { readArguments } from './arguments.js';
import type { ApiConfig } from './api-server.js';
import { readApiConfig, startApi } from './api-server.js';

const HELP = `Usage: stowage api

Serves the HTTP API: bulk ZIPs of attachments, restores, and the state of both. Settings come from the environment
(.env.example); the API is described at /docs. SIGTERM and Ctrl-C answer what is waiting and stop.

EXIT STATUS
  0 stopped as asked   1 internal error   2 a setting is wrong   7 Temporal cannot be reached
`;

/** RFC 7518 §3.2: a key of HS256 is as long as its hash. */
const SHORTEST_SECRET = 32;

/** Runs until it is told to stop; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const options = readArguments('stowage api', argv, { help: { type: 'boolean', short: 'h' } });
  if (!options.ok) {
    process.stderr.write(`${options.message}\n`);
    return 2;
  }
  if (options.value.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const config = readApiConfig(process.env);
  if (!config.ok) {
    process.stderr.write(
      `stowage api cannot start; these settings are wrong:\n  ${config.message.replaceAll('\n', '\n  ')}\n`,
    );
    return 2;
  }
  try {
    await serve(config.value);
    return 0;
  } catch (error) {
    const { kind, message } = asProblem(error);
    process.stderr.write(`${message}\n`);
    return exitCodeOfProblem(kind);
  }
}

async function serve(config: ApiConfig): Promise<void> {
  const { LOG_LEVEL: level, JWT_SECRET: secret } = config.environment;
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  if (secret !== undefined && secret.length < SHORTEST_SECRET)
    log.warn(`JWT_SECRET is short: HS256 wants at least ${SHORTEST_SECRET} characters`);
  const api = await startApi(config, log);
  log.info({ address: api.url }, 'api is ready');
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  await api.stop();
}
