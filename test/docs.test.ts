/** The documents say what is so: whatever they list is compared with its source, both ways. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FAILURES } from '../core/failures.js';
import { statusText, type Ending } from '../core/outcome.js';
import { environmentSchema } from '../core/settings.js';

const root = process.cwd();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const documents = ['docs', 'docs/decisions']
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
  .filter((path) => path.endsWith('.md'));

/** The rows of the tables of a document, cell by cell. */
const rows = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );

const section = (text: string, title: string): string =>
  text.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';

const bare = (cell = ''): string => cell.replace(/^`|`$/g, '');

/** Without regard to the order. */
const asLines = (table: readonly (readonly string[])[]): readonly string[] =>
  table.map((row) => row.join(' | ')).toSorted();

/** The first cells that are code: names of things. */
const named = (text: string): readonly string[] =>
  rows(text).flatMap(([cell = '']) => (cell.startsWith('`') ? [bare(cell)] : []));

describe('docs/errors.md', () => {
  test('has every failure of the catalogue as it is there, and no other', () => {
    const listed = rows(read('docs/errors.md')).slice(1);
    const expected = Object.entries(FAILURES).map(([type, { sentence, retryable, httpStatus, exitCode }]) => [
      `\`${type}\``,
      sentence,
      retryable ? 'yes' : 'no',
      String(httpStatus),
      String(exitCode),
    ]);
    expect(asLines(listed)).toEqual(asLines(expected));
  });

  test('explains each in a section of its own', () => {
    const titles = [...read('docs/errors.md').matchAll(/^## `(\w+)`$/gm)].map(([, type = '']) => type);
    expect(titles.toSorted()).toEqual(Object.keys(FAILURES).toSorted());
  });
});

describe('docs/operations.md', () => {
  const operations = read('docs/operations.md');

  /** One of each kind: a new one is missed by the compiler here, and so by the table. */
  const ENDINGS: { readonly [Code in Ending['code']]: Extract<Ending, { readonly code: Code }> } = {
    downloaded: { code: 'downloaded', bytes: 0, elapsedMs: 0 },
    skipped: { code: 'skipped' },
    healed: { code: 'healed' },
    verified: { code: 'verified' },
    's3-corrupt': { code: 's3-corrupt' },
    's3-missing': { code: 's3-missing' },
    'bucket-missing': { code: 'bucket-missing' },
    's3-denied': { code: 's3-denied' },
    's3-archived': { code: 's3-archived', storageClass: '<storage class>' },
    's3-changed': { code: 's3-changed' },
    'verification-failed': { code: 'verification-failed' },
    'download-failed': { code: 'download-failed', cause: '<short cause>' },
    'disk-full': { code: 'disk-full' },
    'local-wrong': { code: 'local-wrong' },
    'local-missing': { code: 'local-missing' },
    'unsafe-path': { code: 'unsafe-path' },
    collision: { code: 'collision', other: '<other file>' },
    'invalid-entry': { code: 'invalid-entry', what: '<what>' },
    'cannot-write': { code: 'cannot-write', errno: '<errno>' },
    'not-started': { code: 'not-started', reason: 'deadline' },
    interrupted: { code: 'interrupted', reason: 'deadline' },
  };

  test('explains every status of a file, and no other', () => {
    const shown = named(section(operations, 'What a status means')).filter((text) =>
      /^(OK|FAILURE) - /.test(text),
    );
    const expected = Object.values<Ending>(ENDINGS).map((ending) =>
      statusText(ending)
        .replace('(0.0 MB in 0.0s)', '(X MB in Ys)')
        .replace(
          '(deadline)',
          ending.code === 'not-started' ? '(<deadline | cancelled | disk full>)' : '(<deadline | cancelled>)',
        ),
    );
    expect(shown).toEqual(expected);
  });

  test('lists every setting, and no other', () => {
    expect(named(section(operations, 'Settings'))).toEqual(Object.keys(environmentSchema.shape));
  });

  test('tells the defaults as they are', () => {
    for (const [name = '', value = ''] of rows(section(operations, 'Settings')).filter(([, cell]) =>
      cell?.startsWith('`'),
    )) {
      const field = environmentSchema.shape[bare(name) as keyof typeof environmentSchema.shape];
      expect([name, field.parse(bare(value))]).toEqual([name, field.parse(undefined)]);
    }
  });
});

describe('docs/decisions/0007-dependencies.md', () => {
  const decision = read('docs/decisions/0007-dependencies.md');
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Readonly<
    Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>
  >;

  test.each([
    ['Runtime', dependencies],
    ['Development', devDependencies],
  ])('%s: every package has its reason, and every reason its package', (title, packages) => {
    const reasons = rows(section(decision, title)).slice(1);
    expect(reasons.map(([name]) => bare(name)).toSorted()).toEqual(Object.keys(packages).toSorted());
    for (const [name, reason = ''] of reasons) expect([name, reason.length > 4]).toEqual([name, true]);
  });

  test('versions are exact', () => {
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('all documents', () => {
  const all = [...documents, 'CHANGELOG.md', ...(existsSync(join(root, 'README.md')) ? ['README.md'] : [])];

  test.each(all)('%s: links lead to files that exist', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => target ?? '');
    expect(links.filter((target) => !existsSync(join(root, dirname(path), target)))).toEqual([]);
  });

  test.each(all)('%s: links within documents lead to headings', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)];
    const broken = links.filter(([, target, anchor]) => {
      const text = read(target === '' ? path : join(dirname(path), target ?? ''));
      return !headings(text).includes(anchor ?? '');
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  test.each(all)('%s: npm scripts and source files that it names exist', (path) => {
    const text = read(path);
    const { scripts } = JSON.parse(read('package.json')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const runs = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? '');
    expect(runs.filter((name) => !(name in scripts))).toEqual([]);
    const files = [
      ...text.matchAll(/`((?:core|workflows|activities|worker|client|test|deploy)\/[\w./-]+\.\w+)`/g),
    ].map(([, file]) => file ?? '');
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

/** As Markdown renderers name headings. */
const headings = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
