import { describe, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { cacheFolder } from '../../dev/obtaining/cache.js';
import { wrapperScript } from '../../dev/obtaining/docker-wrapper.js';
import { dockerJavaScript, fetchArguments } from '../../dev/obtaining/java-in-docker.js';
import { javaScript } from '../../dev/obtaining/maven-jars.js';
import { mongod } from '../../dev/obtaining/mongod.js';
import type { Recipe } from '../../dev/obtaining/recipe.js';
import { tctl } from '../../dev/obtaining/tctl.js';
import { temporal } from '../../dev/obtaining/temporal.js';
import { timeSkipping } from '../../dev/obtaining/time-skipping.js';
import { versitygw } from '../../dev/obtaining/versitygw.js';
import { requireGiven } from '../../dev/serving/given.js';
import { freePort } from '../../dev/serving/ports.js';
import { runS3 } from '../../dev/serving/s3.js';
import { allGiven, disagreement, environmentFor } from '../../dev/serving/stack-environment.js';

const servers = {
  temporal: { address: '127.0.0.1:7233', namespace: 'default', uiUrl: null, httpAddress: null },
  s3: {
    endpoint: 'http://127.0.0.1:9000',
    region: 'us-east-1',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
  },
  mongo: { uri: 'mongodb://127.0.0.1:27017' },
};

describe('the cache folder', () => {
  test.each([
    [{ STOWAGE_CACHE_DIR: '/own', XDG_CACHE_HOME: '/xdg' }, /^\/own$/],
    [{ STOWAGE_CACHE_DIR: '', XDG_CACHE_HOME: '/xdg' }, /^\/xdg\/stowage$/],
    [{}, /\/\.cache\/stowage$/],
  ])('for %j is %s', (env, folder) => {
    expect(cacheFolder(env)).toMatch(folder);
  });
});

describe('the environment', () => {
  test('carries everything a worker needs', () => {
    expect(environmentFor(servers)).toEqual({
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      TEMPORAL_NAMESPACE: 'default',
      MONGODB_URI: 'mongodb://127.0.0.1:27017',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9000',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
  });

  test('of the stack itself names all its servers', () => {
    expect(allGiven(environmentFor(servers))).toBe(true);
    expect(disagreement(servers, environmentFor(servers))).toBeUndefined();
  });

  test('disagrees by the first variable that names another server', () => {
    expect(disagreement(servers, { AWS_ENDPOINT_URL_S3: 'http://other' })).toBe('AWS_ENDPOINT_URL_S3');
    expect(disagreement(servers, { MONGODB_URI: '' })).toBeUndefined();
  });

  test('a named server that does not answer stops the start, and the message says what to do', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    await expect(requireGiven('TEMPORAL_ADDRESS', `tcp://${address}`)).rejects.toThrow(
      `TEMPORAL_ADDRESS names ${address}, and nothing answers there. Start that server, or unset TEMPORAL_ADDRESS to have one started here.`,
    );
  });

  test('an S3 endpoint without keys stops the start', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const env = { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` };
    const place = { dataFolder: '', logFolder: '', persistent: false, env, say: () => undefined };
    await expect(runS3(place)).rejects.toThrow(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set with it',
    );
    server.close();
  });
});

test('a preferred port that is taken is left alone', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  expect(await freePort(port)).not.toBe(port);
  server.close();
});

describe('scripts in the cache', () => {
  test('a Java program finds its jars beside itself and gets its signals', () => {
    expect(javaScript('gadget', 'org.example.Gadget')).toContain(
      '"$here/../jars/gadget/*" org.example.Gadget "$@"',
    );
    expect(javaScript('gadget', 'org.example.Gadget')).toMatch(/^exec java /m);
  });

  test('a Docker image sees the current folder only, and credentials pass by name', () => {
    expect(wrapperScript({ image: 'org/gadget:v1', variables: ['SECRET'] })).toContain(
      '-v "$PWD:$PWD" -w "$PWD" -e SECRET org/gadget:v1 "$@"\n',
    );
  });

  test('a program of an image that starts another one is named', () => {
    expect(wrapperScript({ image: 'org/tools:v1', entrypoint: 'gadget' })).toContain(
      '-w "$PWD" --entrypoint gadget org/tools:v1 "$@"\n',
    );
  });
});

describe('a Java program on a machine that has Docker and no Java', () => {
  test('is fetched by Maven in its image, into the folder it will lie in, as whoever asked', () => {
    expect(fetchArguments('/cache/new', ['goal']).join(' ')).toMatch(
      /^run --rm --user \d+:\d+ -v \/cache\/new:\/cache\/new -w \/cache\/new --entrypoint mvn maven:\S+ -Dmaven\.repo\.local=\/tmp\/m2 goal$/,
    );
  });

  test('finds its jars beside itself, on the network of this machine, and gets its signals', () => {
    const script = dockerJavaScript('gadget', 'org.example.Gadget');
    expect(script).toContain('jars=$(cd "$(dirname "$0")/../jars/gadget" && pwd)\n');
    expect(script).toMatch(/^exec docker run --rm --init --network host /m);
    expect(script).toContain('-cp "$jars/*" org.example.Gadget "$@"\n');
  });

  test('is how the time-skipping server can be had there', () => {
    expect(timeSkipping.ways.map(({ name }) => name)).toContainEqual(
      expect.stringMatching(/^Maven in the docker image maven:\d+\.\d+\.\d+-/),
    );
  });
});

describe('the ways to a program', () => {
  const waysOf = ({ ways }: Recipe): readonly string[] => ways.map(({ name }) => name);

  test.each([temporal, versitygw, mongod, tctl])(
    '$title can be had with Docker alone, of a pinned version',
    (recipe) => {
      expect(waysOf(recipe)).toContainEqual(
        expect.stringMatching(/^docker image [a-z]+(\/[a-z-]+)?:v?\d+\.\d+\.\d+/),
      );
    },
  );

  test.each([temporal, versitygw, mongod, tctl, timeSkipping])(
    '$title can be had from the open internet alone',
    (recipe) => {
      expect(waysOf(recipe)[0]).toMatch(/^download of /);
    },
  );

  test.each([temporal, versitygw, mongod, tctl, timeSkipping])(
    '$title can be built with Go or Maven',
    (recipe) => {
      expect(waysOf(recipe).at(-1)).toMatch(/^(go build of|Maven) /);
    },
  );

  test('the releases of Temporal are those that its makers name so', () => {
    const [system, architecture] = [process.platform, process.arch === 'x64' ? 'amd64' : process.arch];
    expect(waysOf(tctl)[0]).toBe(
      `download of https://github.com/temporalio/tctl/releases/download/v1.18.0/tctl_1.18.0_${system}_${architecture}.tar.gz`,
    );
    expect(waysOf(timeSkipping)[0]).toBe(
      `download of https://github.com/temporalio/sdk-java/releases/download/v1.38.0/temporal-test-server_1.38.0_${system === 'darwin' ? 'macOS' : system}_${architecture}.tar.gz`,
    );
  });
});
