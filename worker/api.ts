/** `stowage api`: the HTTP API as a process. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { buildApi } from '../client/api/app.js';
import { connectToTemporal } from '../client/connect.js';
import { exitCodeOfProblem } from '../client/exit-code.js';
import { createJobs } from '../client/jobs.js';
import { asProblem } from '../client/problem.js';
import type { Parsed } from '../core/input.js';
import type { Environment } from '../core/settings.js';
import { parseEnvironment } from '../core/settings.js';
import type { ApiSettings } from '../client/api/ports.js';
import { apiSettings, createApiDeps } from './api-deps.js';

const HELP = `Usage: stowage api

Serves the HTTP API: bulk ZIPs of attachments, restores, and the state of both. Settings come from the environment
(.env.example); the API is described at /docs. SIGTERM and Ctrl-C answer what is waiting and stop.

EXIT STATUS
  0 stopped as asked   1 internal error   2 a setting is wrong   7 Temporal cannot be reached
`;

/** RFC 7518 §3.2: a key of HS256 is as long as its hash. */
const SHORTEST_SECRET = 32;
/** A client that reads slowly must not hold up a deploy for ever. */
const STOP_TIMEOUT_MS = 30_000;

/** Runs until it is told to stop; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { help: { type: 'boolean', short: 'h' } },
    strict: false,
  });
  if (values['help'] === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const config = readConfig(process.env);
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

interface ApiConfig {
  readonly environment: Environment;
  readonly settings: ApiSettings;
}

function readConfig(env: NodeJS.ProcessEnv): Parsed<ApiConfig> {
  const environment = parseEnvironment(env);
  if (!environment.ok) return environment;
  const settings = apiSettings(environment.value);
  return settings.ok
    ? { ok: true, value: { environment: environment.value, settings: settings.value } }
    : settings;
}

async function serve({ environment, settings }: ApiConfig): Promise<void> {
  const { HOST: host, PORT: port, LOG_LEVEL: level, JWT_SECRET: secret } = environment;
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  if (secret !== undefined && secret.length < SHORTEST_SECRET)
    log.warn(`JWT_SECRET is short: HS256 wants at least ${SHORTEST_SECRET} characters`);
  const deps = createApiDeps(environment, settings, createJobs(await connectToTemporal()));
  const app = buildApi({ ...deps, log });
  try {
    log.info({ address: await app.listen({ host, port }) }, 'api is ready');
    await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
    await stop(app);
  } finally {
    await deps.close();
  }
}

async function stop(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), STOP_TIMEOUT_MS);
  await app.close();
  clearTimeout(timer);
}
