/** `stowage doctor`: looks at every setting and server once, and says what to do about each that fails. */
import { hostname } from 'node:os';
import { parseS3Path } from '../core/s3-url.js';
import { DEFAULT_REGION } from '../core/settings.js';
import type { Environment, RestoreSettings } from '../core/settings.js';
import { readArguments } from './arguments.js';
import { checkAlive } from './doctor-checks/alive.js';
import { checkEnvironment } from './doctor-checks/environment.js';
import { exitCodeOf, type Finding } from './doctor-checks/finding.js';
import { checkMongo } from './doctor-checks/mongo.js';
import { checkOutputFolder } from './doctor-checks/output-folder.js';
import { renderJson, renderText } from './doctor-checks/render.js';
import { checkS3 } from './doctor-checks/s3.js';
import { strikeSecrets } from './doctor-checks/secrets.js';
import { checkSettingsFile } from './doctor-checks/settings-file.js';
import { checkTemporal } from './doctor-checks/temporal.js';

type Env = Readonly<Record<string, string | undefined>>;

const PATIENCE_MS = 5_000;

const HELP = `Usage: stowage doctor [--alive] [--json]

Checks every setting and server of a worker and says what to do about each that fails.

  --alive  only whether a worker of this host polls its task queue (for health checks)
  --json   the findings as JSON

EXIT STATUS
  0  nothing failed        1  something else failed
  2  settings are wrong    7  a server cannot be reached
`;

const OPTIONS = {
  alive: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * @param argv the arguments after `doctor`.
 * @returns the exit code: 0 nothing failed, 2 settings are wrong, 7 a server cannot be reached, else 1.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const read = readArguments('stowage doctor', argv, OPTIONS);
  if (!read.ok) return say(process.stderr, `${read.message}\n`, 2);
  const options = read.value;
  if (options.help) return say(process.stdout, HELP, 0);
  const findings = await (options.alive ? examineWorker : examine)(process.env);
  return say(
    process.stdout,
    options.json ? renderJson(findings) : renderText(findings),
    exitCodeOf(findings),
  );
}

function say(stream: NodeJS.WritableStream, text: string, exitCode: number): number {
  stream.write(text);
  return exitCode;
}

/** Every check, in the order of the report; servers are asked side by side. */
export async function examine(env: Env, patienceMs = PATIENCE_MS): Promise<readonly Finding[]> {
  const { findings: variables, environment } = checkEnvironment(env);
  const { findings: file, settings } = await checkSettingsFile(environment.STOWAGE_CONFIG);
  const [folder, temporal, data] = await Promise.all([
    settings === null ? [] : checkOutputFolder(settings.outputRoot),
    checkTemporal(environment, env, patienceMs),
    checkData(environment, settings, patienceMs),
  ]);
  return strikeSecrets([...variables, ...file, ...folder, ...temporal, ...data], env);
}

/** Whether the worker of this host lives: nothing about the servers behind it, which a restart would not mend. */
export async function examineWorker(env: Env, patienceMs = PATIENCE_MS): Promise<readonly Finding[]> {
  const { environment } = checkEnvironment(env);
  return strikeSecrets([await checkAlive(environment, env, hostname(), patienceMs)], env);
}

/** The catalogue names a bucket to look for in S3. */
async function checkData(
  environment: Environment,
  settings: RestoreSettings | null,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  const mongo = await checkMongo(environment.MONGODB_URI, environment.MONGODB_DB, timeoutMs);
  const endpoint = environment.AWS_ENDPOINT_URL_S3 ?? null;
  const region = environment.AWS_REGION ?? settings?.region ?? DEFAULT_REGION;
  const bucket = parseS3Path(mongo.sampleS3Path ?? '')?.bucket ?? null;
  return [...mongo.findings, ...(await checkS3({ region, endpoint, bucket, timeoutMs }))];
}
