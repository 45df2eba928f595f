/** What Temporal's client throws, as sentences with a next step. */
import {
  NamespaceNotFoundError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  isGrpcServiceError,
} from '@temporalio/client';
import { Problem, messageOf } from './problem.js';

/** Where jobs are, for connections and for messages. */
export interface Place {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
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

/** Temporal, as far as anybody can tell from here, is not there. */
export const unreachable = ({ address }: Place, detail: string, error: unknown): Problem =>
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
export function grpcFailure(error: unknown): readonly [number | null, string] {
  for (let at = error; at instanceof Error; at = at.cause)
    if (isGrpcServiceError(at)) return [at.code, lastError(at.details || at.message)];
  return [null, messageOf(error)];
}

/** `No connection established. Last error: Error: connect ECONNREFUSED …. Resolution note: ` → its middle. */
const lastError = (details: string): string =>
  /Last error: (?:Error: )?(.*?)\. Resolution note/.exec(details)?.[1] ?? details;
