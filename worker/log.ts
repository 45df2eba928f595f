import { Runtime } from '@temporalio/worker';
import type { LogLevel, LogMetadata, Logger, RuntimeOptions } from '@temporalio/worker';
import { pino } from 'pino';
import type { Environment } from '../core/settings.js';

/** One line of JSON for each event, on stderr; Temporal's own lines (workflow id, activity, attempt) go the same way. */
export function installLog(level: Environment['LOG_LEVEL'], runtime: RuntimeOptions = {}): Logger {
  const out = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  const write =
    (at: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: LogMetadata) =>
      out[at](withError(meta), message);
  const logger: Logger = {
    log: (at: LogLevel, message, meta) => write(at.toLowerCase() as 'info')(message, meta),
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
  Runtime.install({
    logger,
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} } },
    ...runtime,
  });
  return logger;
}

/** Errors as text: JSON has no errors. */
const withError = (meta: LogMetadata = {}): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(meta)
      .filter(([key]) => key !== 'sdkComponent' && key !== 'timestampNanos')
      .map(([key, value]) => [key, value instanceof Error ? (value.stack ?? value.message) : value]),
  );
