/** Starts the real servers once for all tests of the project `real`, and tells the tests where they are through the environment. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../dev/stack.js';
import type { Stack } from '../../dev/stack.js';
import { bundleWorkflows } from '../../worker/bundle.js';
import { startMongoEar } from './mongo-ear.js';
import type { MongoEar } from './mongo-ear.js';

declare global {
  var stowageTestStack: Stack | undefined;
  var stowageTestFolder: string | undefined;
  var stowageTestEar: MongoEar | undefined;
}

export default async function setUp(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'stowage-test-'));
  globalThis.stowageTestFolder = dataDir;
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const [stack, bundle] = await Promise.all([
    startStack({ dataDir, persistent: false, say }),
    bundleWorkflows(),
  ]);
  globalThis.stowageTestStack = stack;
  const bundlePath = join(dataDir, 'workflow-bundle.js');
  await writeFile(bundlePath, bundle.code);
  const http = stack.temporal.httpAddress;
  // Whatever this build sends to MongoDB is heard; tests write what they need past the ear.
  globalThis.stowageTestEar = await startMongoEar(stack.mongo.uri);
  Object.assign(process.env, stack.env, {
    MONGODB_URI: globalThis.stowageTestEar.uri,
    STOWAGE_TEST_MONGODB_URI: stack.mongo.uri,
    STOWAGE_TEST_BUNDLE: bundlePath,
  });
  if (http !== null) process.env['STOWAGE_TEST_TEMPORAL_HTTP'] = http;
}
