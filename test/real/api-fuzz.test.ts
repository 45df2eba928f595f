/**
 * The API against its own document: whatever a client sends, the answer is one that /openapi.json describes for the
 * operation, and never a 5xx.
 */
import { Agent, METHODS } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { makeApiJobs } from '../support/api-jobs.js';
import type { ApiJobs } from '../support/api-jobs.js';
import { openClinic } from '../support/clinic.js';
import type { Claims, Clinic } from '../support/clinic.js';
import { addressOf, badRequests, bodySchema, goodRequests } from '../support/fuzz-requests.js';
import type { World } from '../support/fuzz-requests.js';
import { judgeOf, mistakesIn, operationsOf } from '../support/openapi-document.js';
import type { ApiDocument, Judge, Operation } from '../support/openapi-document.js';
import { rawRequest } from '../support/raw-request.js';
import type { RawAnswer, RawRequest } from '../support/raw-request.js';

let clinic: Clinic;
let jobs: ApiJobs;
let operations: readonly Operation[];
let judge: Judge;
let users: Omit<World, 'known'>;
const agent = new Agent({ keepAlive: true });
beforeAll(async () => {
  clinic = await openClinic({ env: { API_RATE_PER_MINUTE: '1000000', API_JOBS_PER_USER: '10000' } });
  jobs = await makeApiJobs(clinic);
  const document = (await (await fetch(`${clinic.api.url}/openapi.json`)).json()) as ApiDocument;
  [operations, judge] = [operationsOf(document), judgeOf(document)];
  users = await makeUsers();
}, 90_000);
afterAll(async () => {
  agent.destroy();
  await jobs.endAll();
  await clinic.close();
});

async function makeUsers(): Promise<typeof users> {
  const bearer = async (claims: Claims = {}): Promise<string> => `Bearer ${await clinic.token(claims)}`;
  const [noScope, nobody] = await Promise.all([bearer({ scope: '' }), bearer({ sub: '' })]);
  return {
    good: await bearer(),
    refused: ['', 'Bearer', 'Bearer x', 'Basic YTpi', noScope, nobody],
    strangers: await Promise.all([
      bearer({ sub: 'somebody else' }),
      bearer({ sub: '𝓤'.repeat(300) }),
      bearer({ sub: '\u0000' }),
      bearer({ workspace_id: "x' OR 'a" }),
    ]),
  };
}

const RUNS = {
  numRuns: 100,
  interruptAfterTimeLimit: 20_000,
  markInterruptAsFailure: false,
  includeErrorInReport: true,
} as const;

/** What a property of one operation makes of a request and its answer. */
type Expectation = (operation: Operation, request: RawRequest, answer: RawAnswer) => void;

/** All operations side by side, each with a job of its own that it may pause, resume and cancel. */
async function everyOperation(
  requests: (operation: Operation, world: World) => Arbitrary<RawRequest>,
  expectMore: Expectation = () => undefined,
): Promise<void> {
  const checks = operations.map(async (operation) => {
    const world = { ...users, known: await knownValues() };
    const property = fc.asyncProperty(requests(operation, world), async (request) => {
      const answer = await rawRequest(clinic.api.url, request, agent);
      const found = { answer: `${answer.status} ${answer.body.toString().slice(0, 300)}` };
      expect({ ...found, mistakes: mistakesIn(operation, answer, judge) }).toEqual({
        ...found,
        mistakes: [],
      });
      expect({ ...found, isServersFault: answer.status >= 500 }).toEqual({ ...found, isServersFault: false });
      expectMore(operation, request, answer);
    });
    await fc.assert(property, RUNS).catch((error: unknown) => {
      throw new Error(`${operation.method} ${operation.path}: ${(error as Error).message}`, { cause: error });
    });
  });
  const failed = (await Promise.allSettled(checks)).filter((check) => check.status === 'rejected');
  expect(failed.map(({ reason }) => (reason as Error).message)).toEqual([]);
}

/** Of things that exist, and of headers that mean something. */
async function knownValues(): Promise<World['known']> {
  return {
    id: fc.constantFrom(await jobs.startPaused(), ...jobs.ended),
    client_id: fc.constant(clinic.zip.clientId),
    attachment_ids: fc.subarray([...jobs.attachmentIds], { minLength: 1 }),
    raw_file_ids: fc.constantFrom('nowhere', ['nowhere', 'neither here']),
    prefer: fc.constantFrom('respond-async', 'wait=1'),
    range: fc.constantFrom('bytes=0-0', 'bytes=-5', 'bytes=5-', 'bytes=1000000-'),
    'last-event-id': fc.constantFrom('end', '1'),
  };
}

describe('every operation of the document', () => {
  test('takes what the document asks for', async () => {
    const reached = new Set<Operation>();
    await everyOperation(goodRequests, (operation, _request, { status, body }) => {
      expect([400, 401, 406, 413, 415, 429].includes(status) ? body.toString() : '').toBe('');
      if (status < 300) reached.add(operation);
    });
    expect(operations.filter((operation) => !reached.has(operation))).toEqual([]);
  }, 60_000);

  test('refuses what it does not ask for, with an answer that it describes', async () => {
    await everyOperation(badRequests, (operation, { headers, body, path }, { status }) => {
      if (operation.security !== undefined && users.refused.includes(headers['authorization'] ?? ''))
        expect(status).toBeGreaterThanOrEqual(400);
      const schema = bodySchema(operation);
      if (schema === undefined || body === null || path.includes('?')) return;
      const isFit = isJson(body) && judge(schema, JSON.parse(body.toString())) === null;
      if (!isFit) expect(status).toBeGreaterThanOrEqual(400);
    });
  }, 60_000);
});

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString());
    return true;
  } catch {
    return false;
  }
}

test('every method that the document does not name → 405 with those that it names, whatever comes with it', async () => {
  for (const path of new Set(operations.map((operation) => operation.path))) {
    const allowed = operations.filter((one) => one.path === path).map(({ method }) => method);
    const others = METHODS.filter((method) => method !== 'CONNECT' && !allowed.includes(method));
    for (const method of others) {
      const address = addressOf(path, { id: 'x', client_id: 'x' });
      const bodies = ['GET', 'HEAD'].includes(method) ? [null] : [null, Buffer.from('{')];
      for (const body of bodies) {
        const type = body === null ? {} : { 'content-type': 'application/json' };
        const request = { method, path: address, headers: type, body };
        const { status, headers } = await rawRequest(clinic.api.url, request, agent);
        expect([method, path, status, headers.allow?.split(', ').toSorted()]).toEqual([
          method,
          path,
          405,
          allowed.toSorted(),
        ]);
      }
    }
  }
}, 60_000);
