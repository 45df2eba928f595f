/** `stowage worker`: the process. */
import { transferQueue } from '../core/contract.js';
import { readArguments } from './arguments.js';
import { loadConfig } from './config.js';
import { endAnyway } from './end-anyway.js';
import { installLog } from './log.js';
import { keepHeapSmall } from './memory.js';
import { startWorker } from './wire.js';

const HELP = `Usage: stowage worker

Runs the Temporal worker: restores raw files from S3 and builds ZIPs inside S3. Settings come from the environment (.env.example) and from the YAML file
that STOWAGE_CONFIG names; "stowage doctor" checks them. SIGTERM and Ctrl-C hand over what is under way and stop.

EXIT STATUS
  0 stopped as asked   1 internal error   2 a setting is wrong   7 Temporal cannot be reached
`;

export async function main(argv: readonly string[]): Promise<number> {
  const options = readArguments('stowage worker', argv, { help: { type: 'boolean', short: 'h' } });
  if (!options.ok) {
    process.stderr.write(`${options.message}\n`);
    return 2;
  }
  if (options.value.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  keepHeapSmall();
  const config = await loadConfig(process.env);
  if (!config.ok) {
    process.stderr.write(
      `stowage worker cannot start; these settings are wrong:\n  ${config.message.replaceAll('\n', '\n  ')}\n`,
    );
    return 2;
  }
  const log = installLog(config.value.environment.LOG_LEVEL);
  const { TEMPORAL_ADDRESS, STOWAGE_TASK_QUEUE } = config.value.environment;
  try {
    const worker = await startWorker(config.value);
    log.info('worker is ready', {
      temporal: TEMPORAL_ADDRESS,
      queues: [STOWAGE_TASK_QUEUE, transferQueue(STOWAGE_TASK_QUEUE)],
    });
    await worker.ended;
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return endAnyway(error instanceof Error && error.message.startsWith('Temporal does not answer') ? 7 : 1);
  }
}
