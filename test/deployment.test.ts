import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { createMetrics } from '../client/api/metrics.js';
import { environmentSchema, parseEnvironment, parseSettingsFile } from '../core/settings.js';
import { apiSettings } from '../worker/api-deps.js';

const root = process.cwd();
const COMPOSE_FILE = 'docker-compose.temporal.yml';
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Service {
  readonly image: string;
  readonly restart?: string;
  readonly build?: string;
  readonly command?: readonly string[];
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

const SECRET = 'x'.repeat(32);

/** `${NAME:-default}` as it is where nobody sets NAME, and `${NAME:?…}` where it is set, as it must be. */
const unset = (text: string): string =>
  text.replace(/\$\{\w+:-([^}]*)\}/g, '$1').replace(/\$\{\w+:\?[^}]+\}/g, SECRET);

const environmentOf = (service: Service | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(service?.environment ?? {}).map(([name, value]) => [name, unset(String(value))]),
  );

/** The services that an environment's addresses name. */
const namedIn = (value = ''): readonly string[] =>
  Object.keys(compose.services).filter((name) => value.match(`[/@]${name}:|^${name}:`));

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
      'api',
    ]);
    if (!hasPlugin) return;
    const { status, stderr } = spawnSync(
      'docker',
      ['compose', '-f', join(root, COMPOSE_FILE), 'config', '-q'],
      { encoding: 'utf8', env: { ...process.env, JWT_SECRET: SECRET } },
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
  const environment = environmentOf(worker);

  test('gets only variables that stowage reads, with values that it accepts', () => {
    const known = Object.keys(environmentSchema.shape);
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    expect(parseEnvironment(environment)).toMatchObject({ ok: true });
  });

  test('names the other services', () => {
    for (const variable of ['TEMPORAL_ADDRESS', 'MONGODB_URI', 'AWS_ENDPOINT_URL_S3'])
      expect([variable, namedIn(environment[variable])]).toEqual([variable, [expect.any(String)]]);
  });

  test('has a database user who reads the catalogue and the attachments, adds to the audit trail, and nothing else', () => {
    const { users, roles } = initMongo();
    const [user] = users;
    expect(environment['MONGODB_URI']).toContain('//stowage:reader-for-trying-out@');
    expect(environment['MONGODB_URI']).toMatch(/authSource=krakendb$/);
    expect(users).toMatchObject([{ database: environment['MONGODB_DB'], user: 'stowage' }]);
    expect(user?.roles).toEqual([
      { role: 'read', db: environment['MONGODB_DB'] },
      { role: 'stowageZip', db: environment['STOWAGE_ZIP_DB'] },
    ]);
    expect(roles).toMatchObject([{ database: environment['STOWAGE_ZIP_DB'], role: 'stowageZip', roles: [] }]);
    expect(
      roles[0]?.privileges.map(({ resource: { db, collection }, actions }) => [db, collection, ...actions]),
    ).toEqual([
      ['stowage', 'workspaces', 'find'],
      ['stowage', 'clients', 'find'],
      ['stowage', 'attachments', 'find'],
      ['stowage', 'audit_events', 'insert'],
    ]);
  });

  test('can make ZIPs of attachments: its buckets are there', () => {
    const folders = (compose.services['s3']?.volumes ?? []).map((volume) => volume.split(':')[1]);
    for (const name of ['STOWAGE_ATTACHMENTS_BUCKET', 'STOWAGE_ZIP_BUCKET'])
      expect(folders).toContain(`/data/${environment[name]}`);
  });

  test('has a settings file that it accepts, with a volume where the files go', () => {
    const settings = parseSettingsFile(parse(read('deploy/stowage.example.yaml')));
    const mounts = (worker?.volumes ?? []).map((volume) => volume.split(':')[1]);
    expect(mounts).toContain(environment['STOWAGE_CONFIG']);
    expect(settings.ok && mounts.includes(settings.value.outputRoot)).toBe(true);
  });
});

describe('the API', () => {
  const api = compose.services['api'];
  const environment = environmentOf(api);

  test('gets only variables that stowage reads, with values that it can start with', () => {
    const known = Object.keys(environmentSchema.shape);
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    const parsed = parseEnvironment(environment);
    expect(parsed.ok && apiSettings(parsed.value)).toMatchObject({ ok: true });
  });

  test('has no secret of its own for tokens: without one nothing starts', () => {
    expect(api?.environment?.['JWT_SECRET']).toMatch(/^\$\{JWT_SECRET:\?.+\}$/);
  });

  test('is the same build as the worker, asks the same servers, and agrees with it', () => {
    expect([api?.image, api?.build]).toEqual([worker?.image, worker?.build]);
    for (const variable of ['TEMPORAL_ADDRESS', 'AWS_ENDPOINT_URL_S3'])
      expect([variable, namedIn(environment[variable])]).toEqual([variable, [expect.any(String)]]);
    const ofWorker = environmentOf(worker);
    for (const name of Object.keys(environment).filter((key) => key in ofWorker))
      expect([name, environment[name]]).toEqual([name, ofWorker[name]]);
  });

  test('needs no database, and so knows none', () => {
    expect(Object.keys(environment).filter((name) => name.startsWith('MONGODB'))).toEqual([]);
  });

  test('listens where its port is published and its health is asked', () => {
    expect(environment['HOST']).toBe('0.0.0.0');
    expect(api?.ports).toEqual([`127.0.0.1:8080:${environment['PORT']}`]);
    expect(api?.healthcheck?.test?.join(' ')).toContain(`http://127.0.0.1:${environment['PORT']}/healthz`);
    for (const part of api?.healthcheck?.test ?? []) expect(typeof part).toBe('string');
    expect(api?.command).toEqual(['node', 'bin/stowage.js', 'api']);
  });
});

interface MongoRole {
  readonly database: string;
  readonly role: string;
  readonly roles: readonly unknown[];
  readonly privileges: readonly {
    readonly resource: { readonly db: string; readonly collection: string };
    readonly actions: readonly string[];
  }[];
}
interface MongoUser {
  readonly database: string;
  readonly user: string;
  readonly roles: readonly unknown[];
}

/** What the script asks of a database, with the environment of its service. */
function initMongo(): { readonly users: readonly MongoUser[]; readonly roles: readonly MongoRole[] } {
  const [users, roles]: [MongoUser[], MongoRole[]] = [[], []];
  const getSiblingDB = (database: string) => ({
    createUser: (user: MongoUser) => void users.push({ ...user, database }),
    createRole: (role: MongoRole) => void roles.push({ ...role, database }),
    attachments: { createIndex: () => undefined },
  });
  const env = environmentOf(compose.services['mongo']);
  runInNewContext(read('deploy/mongo-init.js'), { db: { getSiblingDB }, process: { env } });
  return { users, roles };
}

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

describe('deploy/alerts.yaml', () => {
  const { groups } = parse(read('deploy/alerts.yaml')) as {
    readonly groups: readonly {
      readonly rules: readonly { readonly alert: string; readonly expr: string }[];
    }[];
  };
  const rules = groups.flatMap((group) => group.rules);

  test('asks only for metrics that the API has', async () => {
    const registry = new Registry();
    createMetrics(registry);
    const metrics = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    const asked = rules.flatMap(({ expr }) => expr.match(/\b(zip|http)_\w+/g) ?? []);
    expect(asked.length).toBeGreaterThan(5);
    for (const name of asked) expect(metrics).toContain(name.replace(/_(bucket|count)$/, ''));
  });

  test('a ZIP that fails for another reason than S3 is no failure of S3', () => {
    const exprOf = (name: string): string => rules.find(({ alert }) => alert === name)?.expr ?? '';
    expect(exprOf('ZipStorageFailures')).toMatch(/type="StorageError"/);
    expect(exprOf('ZipStorageFailures')).not.toMatch(/zip_requests_total/);
    expect(exprOf('ZipJobsFailing')).toMatch(/type!~"none\|NotFound\|TooLarge"/);
  });

  test('operations say of each alert where to look', () => {
    for (const { alert } of rules) expect(read('docs/operations.md')).toContain(`| \`${alert}\` |`);
  });
});
