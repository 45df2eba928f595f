/** A laboratory for the HTTP API of ZIPs: a ZIP lab (zip-lab.ts) and the real API over it, on a port of its own. */
import { Writable } from 'node:stream';
import { SignJWT } from 'jose';
import { pino } from 'pino';
import { readApiConfig, startApi } from '../../worker/api-server.js';
import type { LabOptions } from './lab.js';
import { openZip, openZipLab } from './zip-lab.js';
import type { ZipLab } from './zip-lab.js';

export interface Api {
  readonly url: string;
  /** All lines of its log. */
  readonly log: () => string;
  readonly close: () => Promise<void>;
  /** Stops it, cutting downloads after `mostMs`. */
  readonly stop: (mostMs: number) => Promise<void>;
}

/** Claims over those of the clinic's own user; an undefined one is left out. */
export type Claims = Readonly<Record<string, unknown>>;

export interface Asked {
  /** Null: without a token. */
  readonly as?: Claims | null;
  readonly api?: Pick<Api, 'url'>;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface AskedZip extends Asked {
  readonly clientId?: string;
}

export interface Clinic {
  readonly zip: ZipLab;
  readonly api: Api;
  /** One more API over the same servers and worker; the clinic closes it. */
  openApi(env: Readonly<Record<string, string>>): Promise<Api>;
  token(claims?: Claims): Promise<string>;
  ask(path: string, asked?: Asked): Promise<Response>;
  /** POST …/download-multiple for the clinic's own client. */
  askZip(ids: readonly string[], asked?: AskedZip): Promise<Response>;
  /** The audit events that name an attachment. */
  auditOf(id: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Name → bytes of an answer's ZIP, once every reader at hand has judged it. */
  entries(answer: Response): Promise<ReadonlyMap<string, Uint8Array>>;
  close(): Promise<void>;
}

export const USER = 'user-1';
const SECRET = 'the secret of a clinic that exists for one test';

export const zipPath = (clientId: string): string =>
  `/api/v1/clients/${clientId}/attachments/download-multiple`;

export async function openClinic(options: LabOptions = {}): Promise<Clinic> {
  const zip = await openZipLab({ ...options, env: { JWT_SECRET: SECRET, ...options.env } });
  const apis: Api[] = [];
  const openApi = async (env: Readonly<Record<string, string>>): Promise<Api> => {
    const opened = await openApiOf({ ...process.env, ...zip.lab.env, ...env });
    apis.push(opened);
    return opened;
  };
  const api = await openApi({});
  const token = (claims: Claims = {}): Promise<string> =>
    signed({ sub: USER, workspace_id: zip.workspaceId, scope: 'zip restore', ...claims });
  const ask = async (path: string, { as = {}, ...asked }: Asked = {}): Promise<Response> =>
    request(`${(asked.api ?? api).url}${path}`, as === null ? null : await token(as), asked);
  return {
    zip,
    api,
    openApi,
    token,
    ask,
    askZip: (ids, { clientId = zip.clientId, ...asked } = {}) =>
      ask(zipPath(clientId), { method: 'POST', body: { attachment_ids: ids }, ...asked }),
    auditOf: async (id) => (await zip.audit()).filter((event) => JSON.stringify(event).includes(id)),
    entries: async (answer) => openZip(zip.lab, new Uint8Array(await answer.arrayBuffer())),
    close: async () => {
      await Promise.all(apis.map((opened) => opened.close()));
      await zip.close();
    },
  };
}

function request(url: string, token: string | null, { method = 'GET', ...asked }: Asked): Promise<Response> {
  const { body, headers = {}, signal = null } = asked;
  return fetch(url, {
    method,
    signal,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const signed = (claims: Claims): Promise<string> =>
  new SignJWT(Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined)))
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(SECRET));

/** As `stowage api` does it, in this process. */
async function openApiOf(env: NodeJS.ProcessEnv): Promise<Api> {
  const config = readApiConfig({ ...env, PORT: '0' });
  if (!config.ok) throw new Error(config.message);
  const lines: string[] = [];
  const sink = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
  const { url, stop } = await startApi(config.value, pino({ level: 'debug' }, sink), env);
  return { url, log: () => lines.join(''), close: () => stop(), stop };
}
