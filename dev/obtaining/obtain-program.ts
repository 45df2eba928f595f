import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, programPath, type Environment, type Say } from './cache.js';
import { findOnPath } from './find-on-path.js';
import { withLock } from './lock.js';
import { readOriginNote, writeOriginNote } from './origin-note.js';
import type { Program, Recipe, Way } from './recipe.js';

async function inCache(cache: string, recipe: Recipe): Promise<Program | undefined> {
  const path = programPath(cache, recipe.name);
  if (!existsSync(path)) return undefined;
  const note = await readOriginNote(cache, recipe.name);
  if (note === undefined) return { path, origin: `found in the cache (${path})` };
  return note.pin === recipe.pin ? { path, origin: `${note.madeFrom} (cached in ${path})` } : undefined;
}

/** Jars first: the program that needs them must never be there without them. */
async function moveIntoCache(folder: string, cache: string, name: string): Promise<void> {
  const jars = join('jars', name);
  if (existsSync(join(folder, jars))) {
    await mkdir(join(cache, 'jars'), { recursive: true });
    await rm(join(cache, jars), { recursive: true, force: true });
    await rename(join(folder, jars), join(cache, jars));
  }
  await mkdir(join(cache, 'bin'), { recursive: true });
  await chmod(programPath(folder, name), 0o755);
  await rename(programPath(folder, name), programPath(cache, name));
}

async function make(way: Way, recipe: Recipe, cache: string, say: Say): Promise<Program> {
  await mkdir(join(cache, 'tmp'), { recursive: true });
  const folder = await mkdtemp(join(cache, 'tmp', `${recipe.name}-`));
  try {
    const madeFrom = await way.make(folder, (line) => say(`${recipe.title}: ${line}`));
    await moveIntoCache(folder, cache, recipe.name);
    await writeOriginNote(cache, recipe.name, { pin: recipe.pin, madeFrom });
    const path = programPath(cache, recipe.name);
    return { path, origin: `${madeFrom} (cached in ${path})` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function indented(text: string): string {
  return text.replaceAll('\n', '\n    ');
}

/** What failed, and the last that was heard of it. */
function inOneLine(reason: string): string {
  const lines = reason.split('\n');
  return lines.length > 1 ? `${lines[0]} ${lines.at(-1)}` : reason;
}

function nothingWorked(recipe: Recipe, tried: readonly string[]): Error {
  const list = tried.map((line) => `  - ${indented(line)}`).join('\n');
  return new Error(`${recipe.title} is needed and could not be obtained. Tried:\n${list}\n${recipe.remedy}`);
}

async function makeSomehow(recipe: Recipe, cache: string, say: Say): Promise<Program> {
  const tried = [
    `${recipe.name} on PATH: not there`,
    `${programPath(cache, recipe.name)}: not there, or another version`,
  ];
  for (const way of recipe.ways) {
    say(`${recipe.title}: ${way.name} …`);
    try {
      return await make(way, recipe, cache, say);
    } catch (error) {
      const reason = (error as Error).message;
      say(`${recipe.title}: ${way.name} did not work: ${inOneLine(reason)}`);
      tried.push(`${way.name}: ${reason}`);
    }
  }
  throw nothingWorked(recipe, tried);
}

/** PATH, then the cache, then each way of the recipe in turn; what was made stays in the cache. */
export async function obtainProgram(
  recipe: Recipe,
  say: Say,
  env: Environment = process.env,
): Promise<Program> {
  const onPath = findOnPath(recipe.name, env);
  if (onPath !== undefined) return { path: onPath, origin: `found on PATH (${onPath})` };
  const cache = cacheFolder(env);
  const cached = await inCache(cache, recipe);
  if (cached !== undefined) return cached;
  // One lock for all programs: two builds at once would only slow each other down.
  return withLock(join(cache, 'locks', 'obtaining'), recipe.title, say, async () => {
    return (await inCache(cache, recipe)) ?? (await makeSomehow(recipe, cache, say));
  });
}
