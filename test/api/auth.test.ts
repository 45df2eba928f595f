/** Who may ask: tokens, scopes, cookies. */
import { describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';
import type { ApiSettings } from '../../client/api/ports.js';
import { IDS, NOW_S, SECRET, URL, USER, WORKSPACE, apiOf, bearer, token } from './api-world.js';
import type { Answer } from './send.js';
import { send } from './send.js';

const post = (
  headers: Readonly<Record<string, string>>,
  settings: Partial<ApiSettings> = {},
  url = URL,
): Promise<Answer> =>
  send(apiOf({ settings }), { method: 'POST', url, headers, payload: { attachment_ids: IDS } });

const withToken = (text: string, settings: Partial<ApiSettings> = {}) =>
  post({ authorization: `Bearer ${text}` }, settings);

describe('tokens that are refused', () => {
  const claims = { sub: USER, workspace_id: WORKSPACE, scope: 'zip', exp: NOW_S + 600 };
  const CASES: readonly (readonly [string, () => Promise<string>, Partial<ApiSettings>?])[] = [
    ['garbage', async () => 'garbage'],
    ['three pieces of garbage', async () => 'a.b.c'],
    ['alg none', async () => new UnsecuredJWT(claims).encode()],
    ['another secret', () => token({}, 'another secret of at least thirty-two')],
    ['expired', () => token({ exp: NOW_S - 1 })],
    ['not yet valid', () => token({ nbf: NOW_S + 600 })],
    ['without sub', () => token({ sub: undefined })],
    ['without workspace_id', () => token({ workspace_id: undefined })],
    ['without exp', () => token({ exp: undefined })],
    ['an empty sub', () => token({ sub: '' })],
    ['a workspace that is no text', () => token({ workspace_id: { $ne: null } })],
    ['another issuer', () => token({ iss: 'x' }), { issuer: 'us' }],
    ['no issuer', () => token(), { issuer: 'us' }],
    ['another audience', () => token({ aud: 'x' }), { audience: 'us' }],
    ['HS256 where only keys are known', () => token(), { jwtSecret: null, jwksUrl: 'http://127.0.0.1:1/' }],
    [
      'HS512',
      () => new SignJWT(claims).setProtectedHeader({ alg: 'HS512' }).sign(new TextEncoder().encode(SECRET)),
    ],
  ];

  test.each(CASES)('%s → 401', async (_what, make, settings = {}) => {
    const { statusCode, headers, body } = await withToken(await make(), settings);
    expect(statusCode).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer realm="stowage", error="invalid_token"');
    expect(JSON.parse(body)).toMatchObject({ title: 'Unauthorized', detail: 'Authentication required' });
  });

  test('another scheme, or a token in the address → 401', async () => {
    const found = [
      await post({ authorization: 'Basic dXNlcjpwdw==' }),
      await post({}, {}, `${URL}?access_token=${await token()}&token=${await token()}`),
    ];
    expect(found.map(({ statusCode }) => statusCode)).toEqual([401, 401]);
  });
});

describe('tokens of nobody who could have attachments', () => {
  test.each([
    ['a workspace that is no UUID', { workspace_id: 'workspace-1' }],
    ['a sub that is too long', { sub: 'x'.repeat(201) }],
    ['a sub with a line break', { sub: 'a\nb' }],
  ])('%s → 401 for ZIPs', async (_what, claims) => {
    const { statusCode, headers } = await withToken(await token(claims));
    expect([statusCode, headers['www-authenticate']]).toEqual([
      401,
      'Bearer realm="stowage", error="invalid_token"',
    ]);
  });

  test('start restores all the same', async () => {
    const headers = await bearer({ workspace_id: 'laboratory' });
    const sent = { method: 'POST', url: '/api/v1/restores', headers, payload: { raw_file_ids: 'abc' } };
    expect((await send(apiOf(), sent)).statusCode).toBe(202);
  });
});

describe('tokens that are taken', () => {
  test('with issuer and audience as set, and the scheme in any case', async () => {
    const settings = { issuer: 'us', audience: 'zip-api' };
    const good = await token({ iss: 'us', aud: ['zip-api', 'other'] });
    expect((await post({ authorization: `bearer ${good}` }, settings)).statusCode).toBe(200);
  });

  test.each([
    ['no scope', undefined, 403],
    ['another scope', 'restore', 403],
    ['a scope that only begins alike', 'zipper', 403],
    ['this scope among others', 'restore zip', 200],
  ])('%s', async (_what, scope, status) => {
    const answer = await withToken(await token({ scope }));
    expect(answer.statusCode).toBe(status);
    if (status === 403) expect(answer.json()).toMatchObject({ detail: 'Workspace access denied' });
  });

  test('signed with a key of the JWKS; a key that is not there → 401; no JWKS → 503', async () => {
    const [{ publicKey, privateKey }, other] = await Promise.all([
      generateKeyPair('RS256'),
      generateKeyPair('RS256'),
    ]);
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: '1', alg: 'RS256' }] };
    const server = createServer((_request, response) => response.end(JSON.stringify(keys)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const sign = (key: typeof privateKey) =>
      new SignJWT({ workspace_id: WORKSPACE, scope: 'zip' })
        .setProtectedHeader({ alg: 'RS256', kid: '1' })
        .setSubject(USER)
        .setExpirationTime(NOW_S + 600)
        .sign(key);
    const good = await withToken(await sign(privateKey), { jwksUrl });
    const bad = await withToken(await sign(other.privateKey), { jwksUrl });
    server.close();
    server.closeAllConnections();
    const away = await withToken(await sign(privateKey), { jwksUrl });
    expect([good, bad, away].map(({ statusCode }) => statusCode)).toEqual([200, 401, 503]);
  });
});

describe('the cookie', () => {
  const settings = { cookie: 'access_token' };
  const cookie = async (more = '') => ({ cookie: `theme=dark; access_token=${await token()}${more}` });
  const MISSING = 'CSRF token missing. Both cookie and header required.';
  const MISMATCH = 'CSRF token mismatch. Cookie and header must match.';

  test('carries the token where the header equals its twin', async () => {
    const headers = { ...(await cookie('; csrf_token=abc')), 'x-csrf-token': 'abc' };
    expect((await post(headers, settings)).statusCode).toBe(200);
  });

  test.each([
    ['no csrf cookie, no header', '', undefined, MISSING],
    ['no header', '; csrf_token=abc', undefined, MISSING],
    ['no csrf cookie', '', 'abc', MISSING],
    ['both empty', '; csrf_token=', '', MISSING],
    ['another value', '; csrf_token=abc', 'abd', MISMATCH],
  ])('%s → 403', async (_what, more, header, detail) => {
    const headers = { ...(await cookie(more)), ...(header === undefined ? {} : { 'x-csrf-token': header }) };
    const answer = await post(headers, settings);
    expect([answer.statusCode, answer.json()]).toEqual([403, expect.objectContaining({ detail })]);
  });

  test('is looked at only where the settings name it', async () => {
    const headers = { ...(await cookie('; csrf_token=abc')), 'x-csrf-token': 'abc' };
    expect((await post(headers)).statusCode).toBe(401);
  });

  test('a header with a token needs no CSRF token, and wins', async () => {
    const headers = { ...(await cookie()), ...(await bearer()) };
    expect((await post(headers, settings)).statusCode).toBe(200);
    expect((await post({ ...headers, authorization: 'Bearer x' }, settings)).statusCode).toBe(401);
  });

  test('reading needs no CSRF token; a token of the original’s app may make ZIPs and nothing else', async () => {
    const app = apiOf({ settings });
    const headers = { cookie: `access_token=${await token({ scope: undefined })}` };
    const get = await send(app, { method: 'GET', url: '/api/v1/jobs/none', headers });
    const csrf = { cookie: `${headers.cookie}; csrf_token=a`, 'x-csrf-token': 'a' };
    const restores = await send(app, {
      method: 'POST',
      url: '/api/v1/restores',
      headers: csrf,
      payload: { raw_file_ids: 'abc' },
    });
    expect([get.statusCode, (await post(csrf, settings)).statusCode, restores.statusCode]).toEqual([
      404, 200, 403,
    ]);
  });
});
