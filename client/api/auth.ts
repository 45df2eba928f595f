/** Who is asking, and whether they may: every route below /api/v1. A token in the address is never looked at. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiSettings } from './ports.js';
import { problem } from './problems.js';
import { createTokenReader, invalidToken } from './tokens.js';
import type { TokenClaims } from './tokens.js';

export type Scope = 'zip' | 'restore';

/** The user behind a request. */
export interface Principal {
  readonly user: string;
  readonly workspace: string;
  readonly scopes: readonly string[];
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler below /api/v1 runs. */
    principal: Principal;
  }
  interface FastifyContextConfig {
    /** What a token must allow for this route. */
    readonly scope?: Scope;
  }
}

const CSRF_COOKIE = 'csrf_token';
const CSRF_HEADER = 'x-csrf-token';
const HARMLESS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];
/** Tokens of the original's app name no scopes: in its cookie they stand for what that app can do. */
const COOKIE_SCOPES: readonly Scope[] = ['zip'];

/** Refuses requests of this scope of the app that carry no valid token. */
export function addAuth(app: FastifyInstance, settings: ApiSettings): void {
  const readToken = createTokenReader(settings);
  app.decorateRequest('principal');
  app.addHook('onRequest', async (request) => {
    const found = tokenOf(request, settings.cookie);
    if (found === null) throw problem('unauthenticated');
    if (found.isCookie) checkCsrf(request);
    const claims = await readToken(found.token);
    request.principal = principalOf(claims, found.isCookie);
    const { scope } = request.routeOptions.config;
    demandScope(request.principal, scope);
    if (scope === 'zip') demandAttachmentsUser(request.principal);
  });
}

const principalOf = ({ user, workspace, scopes }: TokenClaims, isCookie: boolean): Principal => ({
  user,
  workspace,
  scopes: scopes ?? (isCookie ? COOKIE_SCOPES : []),
});

/** Throws `workspace-denied` where the token does not allow it. */
export function demandScope({ scopes }: Principal, scope: Scope | undefined): void {
  if (scope !== undefined && !scopes.includes(scope)) throw problem('workspace-denied');
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const USER = /^[^\p{Cc}]{1,200}$/u;

/** Workspaces of attachments are UUIDs, and the audit trail has room for a name: other claims are as good as none. */
function demandAttachmentsUser({ user, workspace }: Principal): void {
  if (!UUID.test(workspace) || !USER.test(user)) throw invalidToken();
}

interface FoundToken {
  readonly token: string;
  readonly isCookie: boolean;
}

/** The header wins: whoever sends one is no browser that was tricked. */
function tokenOf(request: FastifyRequest, cookie: string | null): FoundToken | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = /^Bearer +([^\s]+)$/i.exec(authorization)?.[1];
    return token === undefined ? null : { token, isCookie: false };
  }
  const token = cookie === null ? undefined : cookiesOf(request).get(cookie);
  return token ? { token, isCookie: true } : null;
}

/** A browser sends its cookies with whatever another site makes it ask, but that site cannot read them (double submit). */
function checkCsrf(request: FastifyRequest): void {
  if (HARMLESS.includes(request.method)) return;
  const cookie = cookiesOf(request).get(CSRF_COOKIE);
  const header = request.headers[CSRF_HEADER];
  if (!cookie || typeof header !== 'string' || header === '') throw problem('csrf-missing');
  if (!timingSafeEqual(digest(cookie), digest(header))) throw problem('csrf-mismatch');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function cookiesOf({ headers }: FastifyRequest): ReadonlyMap<string, string> {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return new Map(pairs.map(([name = '', ...value]) => [name, value.join('=').replace(/^"|"$/g, '')]));
}
