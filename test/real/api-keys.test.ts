/** Tokens that an identity provider signs: the real API with the address of a JWKS and no secret. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT, base64url, exportJWK, generateKeyPair } from 'jose';
import type { JWK, JWTPayload } from 'jose';
import { USER, openClinic } from '../support/clinic.js';
import type { Api, Clinic } from '../support/clinic.js';

const [ISSUER, AUDIENCE] = ['https://login.example.org', 'stowage'];

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;
type Signer = readonly [alg: string, kid: string | undefined, pair: KeyPair];

let clinic: Clinic;
let api: Api;
let provider: Server;
let published: readonly JWK[] = [];
let rsa: KeyPair;
let ec: KeyPair;
let stranger: KeyPair;
beforeAll(async () => {
  [rsa, ec, stranger] = await Promise.all([
    generateKeyPair('RS256'),
    generateKeyPair('ES256'),
    generateKeyPair('RS256'),
  ]);
  published = [await jwkOf(rsa, 'rsa', 'RS256'), await jwkOf(ec, 'ec', 'ES256')];
  provider = createServer((_request, response) => response.end(JSON.stringify({ keys: published })));
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  clinic = await openClinic();
  api = await clinic.openApi({
    JWT_SECRET: '',
    JWT_JWKS_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks.json`,
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
  });
}, 60_000);
afterAll(async () => {
  await clinic.close();
  provider.close();
});

const jwkOf = async ({ publicKey }: KeyPair, kid: string, alg: string): Promise<JWK> => ({
  ...(await exportJWK(publicKey)),
  kid,
  alg,
});

const claims = (changes: JWTPayload = {}): JWTPayload => ({
  sub: USER,
  workspace_id: clinic.zip.workspaceId,
  scope: 'zip',
  iss: ISSUER,
  aud: AUDIENCE,
  exp: Math.floor(Date.now() / 1000) + 600,
  ...changes,
});

const sign = ([alg, kid, { privateKey }]: Signer, changes: JWTPayload = {}): Promise<string> =>
  new SignJWT(claims(changes))
    .setProtectedHeader(kid === undefined ? { alg } : { alg, kid })
    .sign(privateKey);

const askWith = (token: string): Promise<Response> =>
  clinic.ask('/api/v1/jobs/none', { as: null, api, headers: { authorization: `Bearer ${token}` } });

describe('a token', () => {
  test.each<readonly [string, () => Signer]>([
    ['RS256', () => ['RS256', 'rsa', rsa]],
    ['ES256', () => ['ES256', 'ec', ec]],
    ['a key that is found by its kind alone', () => ['ES256', undefined, ec]],
  ])('signed with a published key is taken: %s', async (_what, signer) => {
    const answer = await askWith(await sign(signer()));
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
      404,
      'There is no such job',
    ]);
  });

  /** The published key as the secret of HS256: what a library takes that does not bind algorithms to kinds of keys. */
  const confused = (): Promise<string> =>
    new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'rsa' })
      .sign(base64url.decode(published[0]?.n ?? ''));

  const hourAgo = Math.floor(Date.now() / 1000) - 3600;
  test.each<readonly [string, () => string | Promise<string>]>([
    ['a key that is not published', () => sign(['RS256', 'other', stranger])],
    ['another key under a published name', () => sign(['RS256', 'rsa', stranger])],
    ['the name of a key of another kind', () => sign(['RS256', 'ec', rsa])],
    ['alg none', () => new UnsecuredJWT(claims()).encode()],
    ['a public key taken for a secret', confused],
    ['the secret of another API', () => clinic.token(claims())],
    ['another issuer', () => sign(['RS256', 'rsa', rsa], { iss: 'https://elsewhere.example.org' })],
    ['another audience', () => sign(['RS256', 'rsa', rsa], { aud: 'mail' })],
    ['no audience', () => sign(['RS256', 'rsa', rsa], { aud: '' })],
    ['expired', () => sign(['RS256', 'rsa', rsa], { exp: hourAgo })],
    ['not yet valid', () => sign(['RS256', 'rsa', rsa], { nbf: hourAgo + 7200 })],
  ])('%s → 401', async (_what, make) => {
    const answer = await askWith(await make());
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="stowage", error="invalid_token"');
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
      401,
      'Authentication required',
    ]);
  });
});
