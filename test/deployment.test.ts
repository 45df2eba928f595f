import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { environmentSchema, parseEnvironment, parseSettingsFile } from '../core/settings.js';

const root = process.cwd();
const COMPOSE_FILE = 'docker-compose.temporal.yml';
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Service {
  readonly image: string;
  readonly restart?: string;
  readonly build?: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const compose = parse(read(COMPOSE_FILE)) as Compose;
const services = Object.entries(compose.services);
const worker = compose.services['worker'];
const dockerfile = read('Dockerfile');

/** `${NAME:-default}` as it is where nobody sets NAME. */
const unset = (text: string): string => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');

const hasPlugin = spawnSync('docker', ['compose', 'version']).status === 0;

describe('docker-compose.temporal.yml', () => {
  const checked = hasPlugin
    ? 'docker compose accepts it'
    : 'it is YAML (docker compose is not installed: its own check is left out)';
  test(checked, () => {
    expect(services.map(([name]) => name)).toEqual([
      'temporal-db',
      'temporal',
      'temporal-ui',
      'mongo',
      's3',
      'worker',
    ]);
    if (!hasPlugin) return;
    const { status, stderr } = spawnSync(
      'docker',
      ['compose', '-f', join(root, COMPOSE_FILE), 'config', '-q'],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  });

  test.each(services)(
    '%s is pinned, restarts and has a health check',
    (_name, { image, restart, healthcheck }) => {
      expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+\.?\d*[\w.-]*$/);
      expect(restart).toBe('unless-stopped');
      expect(healthcheck?.test?.[0]).toBe('CMD');
    },
  );

  test('services wait for the health, not only for the start, of those they need', () => {
    for (const [name, { depends_on = {} }] of services)
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        expect([name, needed in compose.services]).toEqual([name, true]);
        expect([name, needed, condition]).toEqual([name, needed, 'service_healthy']);
      }
  });

  test('no port is open to the network, as the passwords are examples', () => {
    for (const port of services.flatMap(([, { ports = [] }]) => ports))
      expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('each volume is declared, and each mounted file exists', () => {
    for (const volume of services.flatMap(([, { volumes = [] }]) => volumes)) {
      const [source = ''] = volume.split(':');
      expect([
        volume,
        source.startsWith('./') ? existsSync(join(root, source)) : source in compose.volumes,
      ]).toEqual([volume, true]);
    }
  });
});

describe('the worker', () => {
  const environment = Object.fromEntries(
    Object.entries(worker?.environment ?? {}).map(([name, value]) => [name, unset(String(value))]),
  );

  test('gets only variables that stowage reads, with values that it accepts', () => {
    const known = Object.keys(environmentSchema.shape);
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    expect(parseEnvironment(environment)).toMatchObject({ ok: true });
  });

  test('names the other services', () => {
    for (const variable of ['TEMPORAL_ADDRESS', 'MONGODB_URI', 'AWS_ENDPOINT_URL_S3']) {
      const hosts = Object.keys(compose.services).filter((name) =>
        environment[variable]?.match(`[/@]${name}:|^${name}:`),
      );
      expect([variable, hosts]).toEqual([variable, [expect.any(String)]]);
    }
  });

  test('reads the catalogue as a user whose one role is read', () => {
    const init = read('deploy/mongo-init.js');
    expect(environment['MONGODB_URI']).toContain('//stowage:reader-for-trying-out@');
    expect(init).toContain("user: 'stowage'");
    expect(init.match(/role: '(\w+)'/g)).toEqual(["role: 'read'"]);
    expect(compose.services['mongo']?.environment?.['MONGODB_DB']).toBe(environment['MONGODB_DB']);
  });

  test('has a settings file that it accepts, with a volume where the files go', () => {
    const settings = parseSettingsFile(parse(read('deploy/stowage.example.yaml')));
    const mounts = (worker?.volumes ?? []).map((volume) => volume.split(':')[1]);
    expect(mounts).toContain(environment['STOWAGE_CONFIG']);
    expect(settings.ok && mounts.includes(settings.value.outputRoot)).toBe(true);
  });
});

describe('Dockerfile', () => {
  test('is pinned, installs from the lockfile without scripts, and ends as a plain user with a health check', () => {
    for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm))
      expect(image).toMatch(/^node:20\.\d+\.\d+-bookworm-slim$/);
    expect(dockerfile).toContain('npm ci --ignore-scripts');
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^HEALTHCHECK .*doctor/m);
    expect(dockerfile).toMatch(/^CMD \["node", "bin\/stowage\.js", "worker"\]$/m);
  });

  test('makes the output folder of the example settings for its user', () => {
    expect(dockerfile).toContain('chown node:node /data/output');
  });

  test('the image holds no secrets of the checkout', () => {
    const ignored = read('.dockerignore').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.env', '**/node_modules', '**/.git', 'dist']));
  });
});
