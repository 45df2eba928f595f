/**
 * Every setting of every process, in one schema over the environment (CONTRACT §5). All mistakes are reported at once, each
 * with the variable's name, and values that may be secrets are never repeated.
 */
import { z } from 'zod';
import { DEFAULT_TASK_QUEUE } from './contract.js';
import type { Parsed } from './input.js';
import { presentVariables } from './present.js';
import { parseDuration } from './units.js';

const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== null && ms > 0) return ms;
      context.addIssue({
        code: 'custom',
        message: `expected a duration such as 30s, 5m or 12h, found ${JSON.stringify(text)}`,
      });
      return z.NEVER;
    });

const count = (fallback: number, least: number, most: number) =>
  z
    .string()
    .default(String(fallback))
    .transform((text, context) => {
      const value = Number(text);
      if (/^\d+$/.test(text) && value >= least && value <= most) return value;
      const found = JSON.stringify(text);
      context.addIssue({
        code: 'custom',
        message: `expected a whole number from ${least} to ${most}, found ${found}`,
      });
      return z.NEVER;
    });

const MONGO_URI =
  'expected a MongoDB address such as mongodb://reader:password@host:27017/?authSource=krakendb';

/** Each variable with its default; `.env.example` says the same for people, and a test compares the two. */
export const environmentSchema = z.object({
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: z.string().optional(),
  TEMPORAL_TLS: z.string().optional(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_KEY_PATH: z.string().optional(),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: z.string().optional(),
  STOWAGE_TASK_QUEUE: z.string().default(DEFAULT_TASK_QUEUE),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, { error: MONGO_URI })
    .default('mongodb://127.0.0.1:27017'),
  MONGODB_DB: z.string().default('krakendb'),
  AWS_REGION: z.string().optional(),
  AWS_ENDPOINT_URL_S3: z
    .url({ error: 'expected an address such as https://objectstore.example.org' })
    .optional(),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  STOWAGE_CONFIG: z.string().optional(),
  RESTORE_TIMEOUT: duration('12h'),
  RESTORE_RETRIES: count(2, 0, 100),
  RESTORE_RETRY_DELAY: duration('5m'),
  TRANSFER_SLOTS: count(2, 1, 64),
  TRANSFER_ENGINE: z.enum(['http', 'sdk'], { error: 'expected http or sdk' }).default('http'),
  TRANSFER_STALL_TIMEOUT: duration('30s'),
  TRANSFER_PARALLEL_PARTS: count(4, 1, 64),
  STOWAGE_ZIP_BUCKET: z.string().optional(),
  STOWAGE_ATTACHMENTS_BUCKET: z.string().optional(),
  STOWAGE_ZIP_DB: z.string().default('stowage'),
  ZIP_MAX_BYTES: count(104_857_600, 1, Number.MAX_SAFE_INTEGER),
  ZIP_MAX_FILES: count(50, 1, 1000),
  ZIP_TTL: duration('1h'),
  ZIP_WAIT: duration('110s'),
  PORT: count(8080, 0, 65_535),
  HOST: z.string().default('127.0.0.1'),
  JWT_SECRET: z.string().optional(),
  JWT_JWKS_URL: z
    .url({ error: 'expected an address such as https://login.example.org/.well-known/jwks.json' })
    .optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  JWT_COOKIE: z.string().optional(),
  API_RATE_PER_MINUTE: count(100, 1, 1_000_000),
  API_JOBS_PER_USER: count(5, 1, 10_000),
  API_DOWNLOADS_PER_USER: count(8, 1, 64),
  API_STREAMS_PER_USER: count(10, 1, 10_000),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'], {
      error: 'expected trace, debug, info, warn or error',
    })
    .default('info'),
});

export type Environment = z.output<typeof environmentSchema>;

/** Of S3, where neither AWS_REGION nor the settings file names one. */
export const DEFAULT_REGION = 'us-east-1';

/** Reads the environment; an empty variable counts as absent. The message lists every mistake, one a line. */
export function parseEnvironment(env: Readonly<Record<string, string | undefined>>): Parsed<Environment> {
  const parsed = environmentSchema.safeParse(presentVariables(env));
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, message: listIssues(parsed.error) };
}

// `nullish` throughout: in YAML a key without a value is null.
const settingsFileSchema = z.object({
  locations: z.object({
    output: z.object({
      absolute_path: z
        .string({ error: 'expected the absolute folder that restored files go to, such as /fs/pool/output' })
        .startsWith('/', { error: 'expected an absolute path such as /fs/pool/output' }),
    }),
  }),
  backup: z.object({ s3: z.object({ region: z.string().nullish() }).nullish() }).nullish(),
  restore: z
    .object({
      subfolder: z
        .string()
        .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))/, { error: 'expected a relative folder without ".."' })
        .nullish(),
      fallback_project: z.string().nullish(),
      keep_corrupted: z.boolean({ error: 'expected true or false' }).nullish(),
    })
    .nullish(),
});

/** The settings file as the jobs need it. */
export interface RestoreSettings {
  readonly outputRoot: string;
  readonly subfolder: string | null;
  readonly fallbackProject: string | null;
  readonly keepCorrupted: boolean;
  readonly region: string | null;
}

/** Reads the parsed YAML of the settings file (CONTRACT §1); keys of other programs are ignored. */
export function parseSettingsFile(document: unknown): Parsed<RestoreSettings> {
  const parsed = settingsFileSchema.safeParse(document ?? {});
  if (!parsed.success) return { ok: false, message: listIssues(parsed.error) };
  const { locations, backup, restore } = parsed.data;
  const { subfolder, fallback_project, keep_corrupted } = restore ?? {};
  return {
    ok: true,
    value: {
      outputRoot: locations.output.absolute_path.replace(/(?!^)\/+$/, ''),
      subfolder: trimSlashes(subfolder),
      fallbackProject: fallback_project || null,
      keepCorrupted: keep_corrupted ?? false,
      region: backup?.s3?.region ?? null,
    },
  };
}

const trimSlashes = (folder: string | null | undefined): string | null => folder?.replace(/\/+$/, '') || null;

const listIssues = (error: z.ZodError): string =>
  error.issues
    .map((issue) => `${issue.path.map(String).join('.') || 'settings'}: ${issue.message}`)
    .join('\n');
