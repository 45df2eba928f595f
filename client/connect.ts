/** The way to Temporal, by the same TEMPORAL_* variables and profiles as the `temporal` command. */
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DEFAULT_TASK_QUEUE } from '../core/contract.js';
import { presentVariables } from '../core/present.js';
import { Problem, messageOf } from './problem.js';
import { grpcFailure, problemOf, unreachable } from './temporal-problems.js';
import type { Place } from './temporal-problems.js';

const CONNECT_TIMEOUT_MS = 5000;
const DEFAULT_ADDRESS = '127.0.0.1:7233';

export interface Connected extends Place {
  readonly connection: Connection;
  readonly client: Client;
}

/** Connects, or rejects with one sentence that names the address and its setting. */
export async function connectToTemporal(env: NodeJS.ProcessEnv = process.env): Promise<Connected> {
  const { connectionOptions, ...place } = readPlace(env);
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: CONNECT_TIMEOUT_MS });
    return { ...place, connection, client: new Client({ connection, namespace: place.namespace }) };
  } catch (error) {
    throw connectProblem(error, place);
  }
}

function connectProblem(error: unknown, place: Place): Problem {
  if (error instanceof TypeError)
    return new Problem(
      'usage',
      `TEMPORAL_ADDRESS: expected an address such as 127.0.0.1:7233, found ${place.address}`,
      error,
    );
  const [code] = grpcFailure(error);
  if (code === null) return unreachable(place, `no connection within ${CONNECT_TIMEOUT_MS / 1000} s`, error);
  return problemOf(error, place);
}

function readPlace(env: NodeJS.ProcessEnv) {
  const { connectionOptions, namespace } = loadConfig(env);
  const address = connectionOptions.address || DEFAULT_ADDRESS;
  const { tls, apiKey, metadata } = connectionOptions;
  return {
    address,
    namespace: namespace || 'default',
    taskQueue: env['STOWAGE_TASK_QUEUE'] || DEFAULT_TASK_QUEUE,
    connectionOptions: {
      address,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}

function loadConfig(env: NodeJS.ProcessEnv) {
  try {
    return loadClientConnectConfig({ overrideEnvVars: { ...presentVariables(env) } });
  } catch (error) {
    throw new Problem(
      'usage',
      `The settings for Temporal (TEMPORAL_*) cannot be read: ${messageOf(error)}`,
      error,
    );
  }
}
