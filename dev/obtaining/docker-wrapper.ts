import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programPath } from './cache.js';
import { requireTool } from './find-on-path.js';
import type { Way } from './recipe.js';
import { runCommand } from './run-command.js';

const engineWithinMs = 5_000;
const pullWithinMs = 600_000;

/** An image, and how the program in it is started. */
export interface Image {
  /** With a tag that does not move. */
  readonly image: string;
  /** The program, where it is not what the image starts by itself. */
  readonly entrypoint?: string;
  /** The variables that it is handed. */
  readonly variables?: readonly string[];
}

/**
 * A script that runs the image as if it were a program of this machine: same network, same user, and the
 * folder it is started in is the one folder it sees. The credentials pass by name, so they show in no process
 * list.
 */
export function wrapperScript({ image, entrypoint, variables = [] }: Image): string {
  const start = entrypoint === undefined ? [] : [`--entrypoint ${entrypoint}`];
  const options = [...start, ...variables.map((name) => `-e ${name}`), image].join(' ');
  return `#!/bin/sh
exec docker run --rm --init --network host --user "$(id -u):$(id -g)" -v "$PWD:$PWD" -w "$PWD" ${options} "$@"
`;
}

/** Has the image on this machine. Throws, soon, where there is no engine. @returns the engine's command. */
export async function pullImage(image: string): Promise<string> {
  // Only there does --network host mean this machine's own network.
  if (process.platform !== 'linux') throw new Error(`used on Linux only, this is ${process.platform}`);
  const docker = requireTool('docker');
  await runCommand(docker, ['version', '--format', '{{.Server.Version}}'], { timeoutMs: engineWithinMs });
  await runCommand(docker, ['pull', '--quiet', image], { timeoutMs: pullWithinMs });
  return docker;
}

async function pull(name: string, from: Image, folder: string): Promise<string> {
  await pullImage(from.image);
  await mkdir(join(folder, 'bin'));
  await writeFile(programPath(folder, name), wrapperScript(from));
  return `run with docker from ${from.image}`;
}

export function dockerWrapper(name: string, from: Image): Way {
  return { name: `docker image ${from.image}`, make: (folder) => pull(name, from, folder) };
}
