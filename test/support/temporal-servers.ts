import { TestWorkflowEnvironment } from '@temporalio/testing';
import { temporalBinary, timeSkippingExecutable } from '../../dev/obtain.js';

const quietly = (): void => undefined;

/** The SDK gives the server five seconds to come up, which a busy machine may miss. */
const SERVER_STARTS = 4;

/** The server on which hours pass in a moment. */
export const skippingServer = async (start = 1): Promise<TestWorkflowEnvironment> => {
  const executable = await timeSkippingExecutable(quietly);
  const options = executable === undefined ? {} : { server: { executable } };
  return TestWorkflowEnvironment.createTimeSkipping(options).catch((error: unknown) => {
    if (start >= SERVER_STARTS) throw error;
    return skippingServer(start + 1);
  });
};

/** The real dev server, with arguments of the test's own. */
export const realServer = async (extraArgs: readonly string[]): Promise<TestWorkflowEnvironment> => {
  const executable = { type: 'existing-path', path: await temporalBinary(quietly) } as const;
  return TestWorkflowEnvironment.createLocal({ server: { executable, extraArgs: [...extraArgs] } });
};
