/** The API while Temporal is away. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../../dev/serving/ports.js';
import { openClinic, zipPath } from '../support/clinic.js';
import type { Api, Clinic } from '../support/clinic.js';
import { startFlakyProxy } from '../support/flaky-proxy.js';
import type { FlakyProxy } from '../support/flaky-proxy.js';
import { stowage } from '../support/processes.js';
import { until } from '../support/until.js';

let clinic: Clinic;
let wire: FlakyProxy;
let api: Api;
const temporal = `http://${process.env['TEMPORAL_ADDRESS'] ?? ''}`;
beforeAll(async () => {
  [clinic, wire] = await Promise.all([openClinic(), startFlakyProxy(temporal)]);
  api = await clinic.openApi({ TEMPORAL_ADDRESS: new URL(wire.url).host });
}, 60_000);
afterAll(async () => {
  await clinic.close();
  await wire.close();
});

const ROUTES: readonly (readonly [string, () => string, unknown?])[] = [
  ['POST', () => zipPath(clinic.zip.clientId), { attachment_ids: ['123e4567-e89b-12d3-a456-426614174000'] }],
  ['POST', () => '/api/v1/restores', { raw_file_ids: 'nowhere' }],
  ['GET', () => '/api/v1/jobs/zip-1'],
  ['DELETE', () => '/api/v1/jobs/zip-1'],
  ['GET', () => '/api/v1/jobs/zip-1/events'],
  ['GET', () => '/api/v1/jobs/zip-1/download'],
  ['GET', () => '/api/v1/jobs/zip-1/report'],
];

const statusOf = async (path: string): Promise<number> => (await fetch(`${api.url}${path}`)).status;

describe('Temporal that goes away', () => {
  test('makes every route 503 with the same sentence, until it is back', async () => {
    expect(await statusOf('/readyz')).toBe(200);
    const { port } = new URL(wire.url);
    await wire.close();
    const answers = await Promise.all(
      ROUTES.map(([method, path, body]) => clinic.ask(path(), { api, method, body })),
    );
    for (const answer of answers) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await answer.json()).toMatchObject({
        type: 'urn:stowage:problem:unavailable',
        detail: 'The service is temporarily unavailable. Please try again later.',
      });
    }
    expect([await statusOf('/healthz'), await statusOf('/readyz')]).toEqual([200, 503]);
    wire = await startFlakyProxy(temporal, Number(port));
    await until('the API is ready again', async () => (await statusOf('/readyz')) === 200);
    expect((await clinic.ask('/api/v1/jobs/zip-1', { api })).status).toBe(404);
  }, 90_000);

  test('before the API starts is a sentence and exit code 7', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const { lab } = clinic.zip;
    const ran = await stowage({ ...lab, env: { ...lab.env, PORT: '0', TEMPORAL_ADDRESS: address } }, ['api']);
    expect([ran.code, ran.err]).toEqual([
      7,
      expect.stringContaining(`Temporal does not answer at ${address} (TEMPORAL_ADDRESS)`),
    ]);
  }, 60_000);
});
