import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnvironment } from '../../core/settings.js';
import { targetOf } from '../../worker/connect.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-profile-'));
});
afterAll(() => rm(folder, { recursive: true }));

const target = (env: Readonly<Record<string, string>>) => {
  const all = { TEMPORAL_CONFIG_FILE: join(folder, 'none.toml'), ...env };
  const environment = parseEnvironment(all);
  if (!environment.ok) throw new Error(environment.message);
  return targetOf(environment.value, all);
};

describe('worker and doctor look for Temporal', () => {
  test('at its usual place, in its usual namespace', () => {
    expect(target({})).toMatchObject({ address: '127.0.0.1:7233', namespace: 'default' });
  });

  test('without TLS where the API key is empty, as a template of an environment leaves it', () => {
    const empty = {
      TEMPORAL_API_KEY: '',
      TEMPORAL_ADDRESS: '',
      TEMPORAL_NAMESPACE: '',
      TEMPORAL_PROFILE: '',
    };
    const { options, address, namespace } = target(empty);
    expect(options.tls).toBeUndefined();
    expect(options.apiKey).toBeUndefined();
    expect([address, namespace]).toEqual(['127.0.0.1:7233', 'default']);
  });

  test('where a profile says, unless a variable says otherwise', async () => {
    const profiles = join(folder, 'temporal.toml');
    await writeFile(profiles, '[profile.lab]\naddress = "lab:7233"\nnamespace = "instruments"\n');
    const profile = { TEMPORAL_CONFIG_FILE: profiles, TEMPORAL_PROFILE: 'lab' };
    expect(target(profile)).toMatchObject({ address: 'lab:7233', namespace: 'instruments' });
    expect(target({ ...profile, TEMPORAL_NAMESPACE: 'other' })).toMatchObject({ namespace: 'other' });
  });

  test('nowhere with a profile that does not exist', () => {
    expect(() => target({ TEMPORAL_PROFILE: 'nonsense' })).toThrow('nonsense');
  });
});
