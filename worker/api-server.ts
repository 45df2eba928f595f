/** The HTTP API over the real Temporal and S3, listening: for `stowage api`, `stowage dev` and tests. */
import type { FastifyBaseLogger } from 'fastify';
import { buildApi } from '../client/api/app.js';
import type { ApiSettings } from '../client/api/ports.js';
import { connectToTemporal } from '../client/connect.js';
import { createJobs } from '../client/jobs.js';
import type { Parsed } from '../core/input.js';
import type { Environment } from '../core/settings.js';
import { parseEnvironment } from '../core/settings.js';
import { apiSettings, createApiDeps } from './api-deps.js';
import { stoppable } from './stop-server.js';

export interface ApiConfig {
  readonly environment: Environment;
  readonly settings: ApiSettings;
}

export interface RunningApi {
  /** Such as http://127.0.0.1:8080 */
  readonly url: string;
  /** Answers what is waiting, lets downloads under way end, and stops; after `mostMs` they are cut. */
  stop(mostMs?: number): Promise<void>;
}

/** A client that reads slowly must not hold up a deploy for ever. */
const STOP_TIMEOUT_MS = 30_000;

/** What is wrong, one mistake a line, or all that the API needs. */
export function readApiConfig(env: NodeJS.ProcessEnv): Parsed<ApiConfig> {
  const environment = parseEnvironment(env);
  if (!environment.ok) return environment;
  const settings = apiSettings(environment.value);
  return settings.ok
    ? { ok: true, value: { environment: environment.value, settings: settings.value } }
    : settings;
}

/** Throws a `Problem` where Temporal does not answer. `env` holds the variables that Temporal's own clients read. */
export async function startApi(
  { environment, settings }: ApiConfig,
  log: FastifyBaseLogger,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningApi> {
  const deps = createApiDeps(environment, settings, createJobs(await connectToTemporal(env)));
  const app = buildApi({ ...deps, log });
  const stop = stoppable(app);
  try {
    const url = await app.listen({ host: environment.HOST, port: environment.PORT });
    return {
      url,
      stop: async (mostMs = STOP_TIMEOUT_MS) => {
        await stop(mostMs);
        await deps.close();
      },
    };
  } catch (error) {
    await deps.close();
    throw error;
  }
}
