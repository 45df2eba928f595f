import type { Finding } from './finding.js';

type Env = Readonly<Record<string, string | undefined>>;

const SECRET_VARIABLES = [
  'TEMPORAL_API_KEY',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'JWT_SECRET',
] as const;

/** Shorter values would be found inside ordinary words; addresses are shown without credentials anyway. */
const SHORTEST_SECRET = 4;

/** Where a MongoDB address leads to, without user, password and options. */
export const withoutCredentials = (uri: string): string =>
  uri.replace(/\/\/.*@/s, '//').replace(/\?.*$/s, '');

/** Messages of drivers are passed on to help; whatever is secret in the environment is struck out of them first. */
export function strikeSecrets(findings: readonly Finding[], env: Env): readonly Finding[] {
  const secrets = secretsOf(env);
  const strike = (text: string): string =>
    secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text);
  return findings.map((finding) => ({
    ...finding,
    address: finding.address === null ? null : strike(finding.address),
    message: strike(finding.message),
    todo: finding.todo === null ? null : strike(finding.todo),
  }));
}

function secretsOf(env: Env): readonly string[] {
  const named = SECRET_VARIABLES.map((name) => env[name] ?? '');
  const secrets = [
    ...named,
    ...passwordsIn(env['MONGODB_URI'] ?? ''),
    ...passwordsIn(env['AWS_ENDPOINT_URL_S3'] ?? ''),
  ];
  return secrets.filter((secret) => secret.length >= SHORTEST_SECRET);
}

/** A password may be shown as it was written or as it was meant (`%40` or `@`). */
function passwordsIn(uri: string): readonly string[] {
  const written = /\/\/[^:]*:(.*)@/s.exec(uri)?.[1] ?? '';
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}
