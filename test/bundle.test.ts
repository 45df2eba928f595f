import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const logger = new DefaultLogger('ERROR');
const bundle = async (workflowsPath: string): Promise<string> =>
  (await bundleWorkflowCode({ workflowsPath, logger })).code;

/** Our own code and the SDK's, with source maps; zod alone would add one more. */
const LIMIT_BYTES = 1.9 * 1024 ** 2;

/** The modules inside, as the source map at the end of the bundle names them. */
function modulesOf(code: string): readonly string[] {
  const map = /sourceMappingURL=data:application\/json;charset=utf-8;base64,([\w+/=]+)/.exec(code)?.[1] ?? '';
  return (JSON.parse(Buffer.from(map, 'base64').toString()) as { readonly sources: readonly string[] })
    .sources;
}

describe('the workflow bundle', () => {
  let code = '';
  let modules: readonly string[] = [];
  beforeAll(async () => {
    code = await bundle(join(process.cwd(), 'dist/workflows/index.js'));
    modules = modulesOf(code);
  });

  test('is small: every worker builds or loads it, and every job runs in it', () => {
    expect(code.length).toBeLessThan(LIMIT_BYTES);
  });

  test('holds the workflows and what they take from core', () => {
    const own = modules.filter((path) => !path.includes('node_modules'));
    expect(own.filter((path) => path.includes('/workflows/')).length).toBeGreaterThan(3);
    expect(own.filter((path) => /\/(activities|client|worker|dev)\//.test(path))).toEqual([]);
  });

  test('holds no zod, no SDK of S3 or MongoDB, and nothing of Node', () => {
    const packages = new Set(
      modules.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
    );
    expect([...packages].filter((name) => /^(zod|mongodb|@aws-sdk\/.*|@smithy\/.*)$/.test(name))).toEqual([]);
    const externals = builtinModules.filter(
      (name) => code.includes(`require("node:${name}")`) || code.includes(`require("${name}")`),
    );
    expect(externals).toEqual([]);
  });
});

test('a workflow that reaches for Node is refused by name', async () => {
  const said: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  const path = join(folder, 'index.mjs');
  await writeFile(
    path,
    `import { readFileSync } from 'node:fs';\nexport const job = async () => readFileSync('/etc/hosts');\n`,
  );
  const keep = new DefaultLogger('ERROR', ({ message }) => said.push(message));
  await expect(bundleWorkflowCode({ workflowsPath: path, logger: keep })).rejects.toThrow(
    'Webpack finished with errors',
  );
  expect(said.join('\n')).toContain('node:fs');
  await rm(folder, { recursive: true });
});
