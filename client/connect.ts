/**
 * The way to Temporal, by the same TEMPORAL_* variables and profiles as the `temporal` command. Beside jobs.ts the only
 * file that imports Temporal's client.
 */
import {
  Client,
  Connection,
  NamespaceNotFoundError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  isGrpcServiceError,
} from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DEFAULT_TASK_QUEUE } from '../core/contract.js';
import { Problem, messageOf } from './problem.js';

const CONNECT_TIMEOUT_MS = 5000;
const DEFAULT_ADDRESS = '127.0.0.1:7233';

/** Where jobs are, for connections and for messages. */
export interface Place {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
}

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
    // As in core/settings.ts an empty variable counts as absent: an empty TEMPORAL_API_KEY would turn TLS on.
    const present = Object.entries(env).flatMap(([name, value]) => (value ? [[name, value] as const] : []));
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(present) });
  } catch (error) {
    throw new Problem(
      'usage',
      `The settings for Temporal (TEMPORAL_*) cannot be read: ${messageOf(error)}`,
      error,
    );
  }
}

const GRPC = {
  cancelled: 1,
  invalidArgument: 3,
  deadline: 4,
  notFound: 5,
  denied: 7,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Any error of Temporal's client as a sentence with a next step. */
export function problemOf(error: unknown, place: Place, workflowId = ''): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof NamespaceNotFoundError) return noNamespace(place, error);
  if (error instanceof WorkflowNotFoundError) return noJob(error, place, workflowId);
  if (error instanceof WorkflowExecutionAlreadyStartedError)
    return new Problem(
      'already-running',
      `A job ${workflowId} is running already: stowage watch ${workflowId}`,
      error,
    );
  return serverProblem(grpcFailure(error), place, error);
}

function serverProblem(
  [code, detail]: readonly [number | null, string],
  place: Place,
  error: unknown,
): Problem {
  switch (code) {
    case GRPC.notFound:
      return noNamespace(place, error);
    case GRPC.denied:
    case GRPC.unauthenticated:
      return new Problem(
        'denied',
        `Temporal at ${place.address} refuses: ${detail}; check TEMPORAL_API_KEY and TEMPORAL_TLS_*`,
        error,
      );
    case GRPC.invalidArgument:
      return new Problem('usage', `Temporal does not accept this: ${detail}`, error);
    case GRPC.cancelled:
    case GRPC.deadline:
    case GRPC.unavailable:
      return unreachable(place, detail, error);
    default:
      return new Problem('internal', detail, error);
  }
}

const unreachable = ({ address }: Place, detail: string, error: unknown): Problem =>
  new Problem(
    'unreachable',
    `Temporal does not answer at ${address} (TEMPORAL_ADDRESS): ${detail}; start it with "stowage dev" or set TEMPORAL_ADDRESS`,
    error,
  );

const noNamespace = ({ namespace, address }: Place, error: unknown): Problem =>
  new Problem(
    'not-found',
    `Temporal at ${address} has no namespace ${namespace}: set TEMPORAL_NAMESPACE`,
    error,
  );

function noJob(error: WorkflowNotFoundError, { namespace, address }: Place, workflowId: string): Problem {
  // Temporal's word for cancelling or signalling a job that has ended.
  if (/already completed/.test(error.message))
    return new Problem(
      'not-found',
      `The job ${workflowId} has ended already: stowage watch ${workflowId}`,
      error,
    );
  const where = `in namespace ${namespace} of Temporal at ${address}`;
  return new Problem(
    'not-found',
    `There is no job ${workflowId} ${where}: check the id, or list them in the Web UI`,
    error,
  );
}

/** The gRPC status below an error, and its text; Temporal's own wrappers say little. */
function grpcFailure(error: unknown): readonly [number | null, string] {
  for (let at = error; at instanceof Error; at = at.cause)
    if (isGrpcServiceError(at)) return [at.code, lastError(at.details || at.message)];
  return [null, messageOf(error)];
}

/** `No connection established. Last error: Error: connect ECONNREFUSED …. Resolution note: ` → its middle. */
const lastError = (details: string): string =>
  /Last error: (?:Error: )?(.*?)\. Resolution note/.exec(details)?.[1] ?? details;
