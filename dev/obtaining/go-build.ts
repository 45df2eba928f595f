import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programPath, type Say } from './cache.js';
import { requireTool } from './find-on-path.js';
import type { Way } from './recipe.js';
import { runCommand } from './run-command.js';

export interface GoPackage {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  readonly path: string;
}

const progressEveryMs = 15_000;

/** A line now and then, because a first build takes minutes and silence looks like a hang. */
function progress(say: Say): (line: string) => void {
  const startedAt = Date.now();
  let lastAt = startedAt;
  let steps = 0;
  return () => {
    steps += 1;
    if (Date.now() - lastAt < progressEveryMs) return;
    lastAt = Date.now();
    say(
      `still building, ${steps} packages fetched or compiled in ${Math.round((lastAt - startedAt) / 1000)} s`,
    );
  };
}

/**
 * Builds in a module of its own that requires the wanted one: `go install MODULE@VERSION` refuses modules
 * with replace directives, this way does not.
 */
async function build(wanted: GoPackage, folder: string, say: Say): Promise<string> {
  const go = requireTool('go');
  const cwd = join(folder, 'module');
  await mkdir(cwd);
  await writeFile(join(cwd, 'go.mod'), 'module stowage.local/build\n\ngo 1.21\n');
  const onLine = progress(say);
  const run = (...args: string[]) => runCommand(go, args, { cwd, onLine });
  await run('get', `${wanted.path}@${wanted.version}`);
  await run('build', '-v', '-o', programPath(folder, wanted.name), wanted.path);
  return `built with go from ${wanted.module}@${wanted.version}`;
}

export function goBuild(wanted: GoPackage): Way {
  const name = `go build of ${wanted.module}@${wanted.version} (minutes, once)`;
  return { name, make: (folder, say) => build(wanted, folder, say) };
}
