import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Environment } from './cache.js';

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first executable file of that name in the folders of PATH, as a shell would find it. */
export function findOnPath(name: string, env: Environment = process.env): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** Throws, in words for a person, when a tool that a build needs is not there. */
export function requireTool(name: string): string {
  const path = findOnPath(name);
  if (path === undefined) throw new Error(`${name} is not on PATH`);
  return path;
}
