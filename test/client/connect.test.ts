import { describe, expect, test } from '@jest/globals';
import { connectToTemporal } from '../../client/connect.js';
import { problemOf } from '../../client/temporal-problems.js';

const PLACE = { address: '127.0.0.1:7233', namespace: 'default', taskQueue: 'stowage' };

/** An error as gRPC throws it, inside the SDK's own wrapper. */
const grpcError = (code: number, details: string): Error =>
  new Error('Failed to query Workflow', {
    cause: Object.assign(new Error(details), { code, details, metadata: {} }),
  });

describe('an error of Temporal becomes a problem', () => {
  test.each([
    [
      5,
      'namespace missing',
      'not-found',
      'Temporal at 127.0.0.1:7233 has no namespace default: set TEMPORAL_NAMESPACE',
    ],
    [7, 'no', 'denied', 'Temporal at 127.0.0.1:7233 refuses: no; check TEMPORAL_API_KEY and TEMPORAL_TLS_*'],
    [3, 'too big', 'usage', 'Temporal does not accept this: too big'],
    [13, 'odd', 'internal', 'odd'],
    [
      14,
      'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:7233. Resolution note: ',
      'unreachable',
      'Temporal does not answer at 127.0.0.1:7233 (TEMPORAL_ADDRESS): connect ECONNREFUSED 127.0.0.1:7233; start it with "stowage dev" or set TEMPORAL_ADDRESS',
    ],
  ])('gRPC status %i, %s', (code, details, kind, message) => {
    expect(problemOf(grpcError(code, details), PLACE)).toMatchObject({ kind, message });
  });

  test('a mistake in our own code does not blame the server', () => {
    expect(problemOf(new TypeError('x is not a function'), PLACE)).toMatchObject({ kind: 'internal' });
  });
});

describe('connecting', () => {
  const failed = (env: Record<string, string>) =>
    connectToTemporal({ TEMPORAL_CONFIG_FILE: '/nonexistent', ...env }).catch((error: unknown) => error);

  test('names the address and the setting where nobody answers, within seconds', async () => {
    expect(await failed({ TEMPORAL_ADDRESS: '127.0.0.1:9', TEMPORAL_API_KEY: '' })).toMatchObject({
      kind: 'unreachable',
      message:
        'Temporal does not answer at 127.0.0.1:9 (TEMPORAL_ADDRESS): no connection within 5 s; start it with "stowage dev" or set TEMPORAL_ADDRESS',
    });
  }, 15_000);

  test.each([
    [
      { TEMPORAL_TLS_CLIENT_CERT_PATH: '/nonexistent.pem' },
      /^The settings for Temporal \(TEMPORAL_\*\) cannot be read: .*nonexistent/,
    ],
    [
      { TEMPORAL_PROFILE: 'nonsense' },
      /^The settings for Temporal \(TEMPORAL_\*\) cannot be read: .*nonsense/,
    ],
    [{ TEMPORAL_ADDRESS: 'http://host:7233' }, /^TEMPORAL_ADDRESS: expected an address such as/],
  ])('%j is a usage problem', async (env, message) => {
    expect(await failed(env)).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
  });
});
