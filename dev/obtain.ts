/**
 * Obtains the programs that local runs and tests need. For each: PATH, the cache, what its makers publish for
 * download, a build from public packages; see obtaining/ for the recipes. Run as a program it obtains all of
 * them ahead of time.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Say } from './obtaining/cache.js';
import { mongod } from './obtaining/mongod.js';
import { obtainProgram } from './obtaining/obtain-program.js';
import type { Recipe } from './obtaining/recipe.js';
import { tctl } from './obtaining/tctl.js';
import { temporal } from './obtaining/temporal.js';
import { timeSkipping } from './obtaining/time-skipping.js';
import { versitygw } from './obtaining/versitygw.js';

/** Obtains one program and says in one line what was taken from where. */
async function pathOf(recipe: Recipe, say: Say): Promise<string> {
  const { path, origin } = await obtainProgram(recipe, say);
  say(`${recipe.title}: ${origin}`);
  return path;
}

export const temporalBinary = (say: Say): Promise<string> => pathOf(temporal, say);
export const versitygwBinary = (say: Say): Promise<string> => pathOf(versitygw, say);
export const mongodBinary = (say: Say): Promise<string> => pathOf(mongod, say);
export const tctlBinary = (say: Say): Promise<string> => pathOf(tctl, say);

/**
 * For `createTimeSkipping({ server: { executable } })`; undefined leaves it to the SDK, which then downloads
 * its own.
 */
export async function timeSkippingExecutable(
  say: Say,
): Promise<{ readonly type: 'existing-path'; readonly path: string } | undefined> {
  try {
    return { type: 'existing-path', path: await pathOf(timeSkipping, say) };
  } catch (error) {
    say(`${(error as Error).message}\nThe Temporal SDK will try to download its own.`);
    return undefined;
  }
}

async function obtainAll(forTests: boolean, say: Say): Promise<void> {
  await temporalBinary(say);
  await versitygwBinary(say);
  await mongodBinary(say);
  if (!forTests) return;
  await timeSkippingExecutable(say);
  // Needed by the few tests that call it, which fail with this same message; all others can do without.
  await tctlBinary(say).catch((error: unknown) => say((error as Error).message));
}

function isMain(): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isMain()) {
  try {
    await obtainAll(process.argv.includes('--tests'), (line) => console.log(line));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
