/**
 * Plants a violation of each rule of the architecture and expects it to be refused: a rule that is not tested is a rule that
 * silently stopped.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMPILE_PLANTS } from './architecture/compile-plants.js';
import { LINT_PLANTS } from './architecture/lint-plants.js';
import { FOLDERS, Skeleton, type Diagnostic } from './architecture/skeleton.js';

let skeleton: Skeleton;
let cleanBuild = '';
let cleanLint: readonly Diagnostic[] = [];
let compileErrors = '';
let lintErrors: readonly Diagnostic[] = [];

beforeAll(async () => {
  skeleton = await Skeleton.make();
  cleanBuild = await skeleton.tsc('-b');
  cleanLint = await skeleton.oxlint();
  compileErrors = await compilePlanted();
  await skeleton.plant(Object.fromEntries(LINT_PLANTS.map(({ file, text }) => [file, text])));
  lintErrors = await skeleton.oxlint();
}, 60_000);
afterAll(() => skeleton.remove());

/** Folder by folder, as in a build a first broken folder hides the ones that need it. */
async function compilePlanted(): Promise<string> {
  await skeleton.plant(Object.fromEntries(COMPILE_PLANTS.map(({ file, text }) => [file, text])));
  const planted = [...new Set(COMPILE_PLANTS.map(({ file }) => file.split('/')[0] ?? ''))];
  const outputs: string[] = [];
  for (const folder of planted) outputs.push(await skeleton.tsc('-p', folder, '--noEmit'));
  await skeleton.pull(COMPILE_PLANTS.map(({ file }) => file));
  return outputs.join('');
}

describe('the compiler', () => {
  test('takes what is allowed', () => expect(cleanBuild).toBe(''));

  test('builds every folder', () => {
    const { references } = JSON.parse(read('tsconfig.json')) as {
      readonly references: readonly { readonly path: string }[];
    };
    expect(references.map(({ path }) => path).toSorted()).toEqual([...FOLDERS].toSorted());
  });

  test.each(COMPILE_PLANTS)('refuses $file', ({ file, error }) => {
    const errors = compileErrors.split('\n').filter((line) => line.startsWith(`${file}(`));
    expect(errors.join('\n')).toContain(error);
  });
});

describe('the linter', () => {
  test('takes what is allowed', () => expect(cleanLint).toEqual([]));

  test.each(LINT_PLANTS)('refuses $what and says why', ({ file, rule, says }) => {
    const here = lintErrors.filter(({ filename, code }) => filename === file && code.includes(`(${rule})`));
    expect(here.map(({ message, help = '' }) => `${message} ${help}`).join('\n')).toContain(says);
  });

  test('has no rule without a planted violation', () => {
    const rules = [...read('.oxlintrc.json').matchAll(/"(?:\w+)\/([\w-]+)": (?:"error"|\[)/g)].map(
      ([, rule]) => rule,
    );
    const planted = new Set(LINT_PLANTS.map(({ rule }) => rule));
    expect(rules.length).toBeGreaterThan(15);
    expect(rules.filter((rule) => !planted.has(rule ?? ''))).toEqual([]);
  });
});

const read = (path: string): string => readFileSync(join(process.cwd(), path), 'utf8');
