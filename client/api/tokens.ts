/** Who a token speaks for. Every algorithm is bound to its own kind of key, so that no key can be taken for another. */
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { HttpProblem, problem } from './problems.js';

export interface TokenSettings {
  readonly jwtSecret: string | null;
  readonly jwksUrl: string | null;
  /** Null: any. */
  readonly issuer: string | null;
  /** Null: any. */
  readonly audience: string | null;
}

export interface TokenClaims {
  readonly user: string;
  readonly workspace: string;
  /** Null where the token names none. */
  readonly scopes: readonly string[] | null;
}

const SECRET_ALGORITHMS = ['HS256'];
const KEY_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'];
const REQUIRED_CLAIMS = ['sub', 'workspace_id', 'exp'];

/** RFC 6750 §3: that there was a token, and no word on what is wrong with it. */
const INVALID = { headers: { 'www-authenticate': 'Bearer realm="stowage", error="invalid_token"' } };
export const invalidToken = (): HttpProblem => problem('unauthenticated', INVALID);

/** Returns the function that checks a token: it rejects with `unauthenticated`, or with `unavailable` where the keys cannot be fetched. */
export function createTokenReader(settings: TokenSettings): (token: string) => Promise<TokenClaims> {
  const secret = settings.jwtSecret === null ? null : new TextEncoder().encode(settings.jwtSecret);
  const keys = settings.jwksUrl === null ? null : createRemoteJWKSet(new URL(settings.jwksUrl));
  const terms = {
    requiredClaims: REQUIRED_CLAIMS,
    ...(settings.issuer === null ? {} : { issuer: settings.issuer }),
    ...(settings.audience === null ? {} : { audience: settings.audience }),
  };
  const verify = async (token: string): Promise<JWTPayload> => {
    const isSecret = SECRET_ALGORITHMS.includes(algorithmOf(token));
    const key: JWTVerifyGetKey | null = isSecret ? secret && (() => secret) : keys;
    if (key === null) throw invalidToken();
    const algorithms = isSecret ? SECRET_ALGORITHMS : KEY_ALGORITHMS;
    return (await jwtVerify(token, key, { ...terms, algorithms })).payload;
  };
  return async (token) => claimsOf(await verify(token).catch(refuse));
}

function algorithmOf(token: string): string {
  try {
    return decodeProtectedHeader(token).alg ?? '';
  } catch {
    throw invalidToken();
  }
}

/** Codes of jose for a server of keys that does not answer, or not with keys. */
const KEYS_AWAY: readonly string[] = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'];

/** Anything wrong with a token is 401; a server of keys that is away is none of the caller's doing. */
function refuse(error: unknown): never {
  if (error instanceof HttpProblem) throw error;
  const isToken = error instanceof errors.JOSEError && !KEYS_AWAY.includes(error.code);
  throw isToken ? invalidToken() : new HttpProblem({ code: 'unavailable' }, error);
}

function claimsOf({ sub, workspace_id: workspace, scope }: JWTPayload): TokenClaims {
  if (!isText(sub) || !isText(workspace)) throw invalidToken();
  return {
    user: sub,
    workspace,
    scopes: typeof scope === 'string' ? scope.split(' ').filter(Boolean) : null,
  };
}

const isText = (claim: unknown): claim is string => typeof claim === 'string' && claim !== '';
