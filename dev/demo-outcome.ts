/** The demo holds its reports against what it has planted. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DEMO_EXPECTED } from './demo-corpus.js';

/** The text reports that were written since a moment. */
async function newReports(
  output: string,
  sinceMs: number,
): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const names = (await readdir(output, { recursive: true })).filter((name) =>
    /_download_status_batch_[\d_]+\.txt$/.test(name),
  );
  const found = await Promise.all(
    names.map(async (name) => ({
      path: join(output, name),
      mtimeMs: (await stat(join(output, name))).mtimeMs,
    })),
  );
  const fresh = found.filter(({ mtimeMs }) => mtimeMs >= sinceMs - 1000).map(({ path }) => path);
  return Promise.all(fresh.toSorted().map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
}

const MAX_LINES = 45;

/** Prints each report; of a long one the beginning and the end. */
export async function printReports(output: string, sinceMs: number): Promise<void> {
  for (const { path, text } of await newReports(output, sinceMs)) {
    const lines = text.trimEnd().split('\n');
    const omitted = `… ${lines.length - MAX_LINES} lines more in the file …`;
    const shown =
      lines.length <= MAX_LINES + 5
        ? lines
        : [...lines.slice(0, 30), omitted, ...lines.slice(30 - MAX_LINES)];
    process.stdout.write(`\n${path}\n\n${shown.map((line) => `    ${line}`).join('\n')}\n\n`);
  }
}

/** What is not as it should be; nothing where all is. */
export async function checkDemo(
  output: string,
  sinceMs: number,
  exitCode: number,
): Promise<readonly string[]> {
  const reports = await newReports(output, sinceMs);
  const lines = new Set(reports.flatMap(({ text }) => text.split('\n')));
  const downloaded = [...lines].filter(
    (line) => / MB in .*s\)$/.test(line) && line.includes(': OK - Downloaded and verified ('),
  ).length;
  const { files, errors } = DEMO_EXPECTED;
  const expected = [
    ...DEMO_EXPECTED.lines.map(([file, status]) => `${file}: ${status}`),
    ...errors.map(([, error]) => `ERROR: ${error}`),
  ];
  return [
    ...(exitCode === 3 ? [] : [`exit code: wanted 3 (finished with failures), found ${exitCode}`]),
    ...(reports.length === 3 ? [] : [`reports: wanted 3, found ${reports.length}`]),
    ...(downloaded === files - DEMO_EXPECTED.lines.length
      ? []
      : [`downloaded: wanted ${files - 4}, found ${downloaded}`]),
    ...expected.filter((line) => !lines.has(line)).map((line) => `missing in the reports: ${line}`),
  ];
}
