/** The worker's way to Temporal, which `stowage doctor` checks: the same variables and profiles as the `temporal` command reads. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { presentVariables } from '../core/present.js';
import type { Environment } from '../core/settings.js';

export interface TemporalTarget {
  readonly options: ClientConnectConfig['connectionOptions'];
  readonly address: string;
  readonly namespace: string;
}

/** Throws where the profile or its files cannot be read. */
export function targetOf(
  environment: Environment,
  env: Readonly<Record<string, string | undefined>>,
): TemporalTarget {
  const { connectionOptions: options, namespace } = loadClientConnectConfig({
    overrideEnvVars: { ...presentVariables(env) },
  });
  return {
    options,
    address: options.address ?? environment.TEMPORAL_ADDRESS,
    namespace: namespace ?? environment.TEMPORAL_NAMESPACE,
  };
}

/** Throws one sentence where Temporal cannot be reached. */
export async function connect({ options, address }: TemporalTarget): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({ ...options, address });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(
      `Temporal does not answer at ${address} (TEMPORAL_ADDRESS): ${reason}. ` +
        'Start it ("stowage dev" starts one here) or set the variable.',
      { cause: error },
    );
  }
}
