import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programPath } from './cache.js';
import { requireTool } from './find-on-path.js';
import type { Way } from './recipe.js';
import { runCommand } from './run-command.js';

const engineWithinMs = 5_000;
const pullWithinMs = 600_000;

/**
 * A script that runs the image as if it were a program of this machine: same network, same user, and the
 * folder it is started in is the one folder it sees. The credentials pass by name, so they show in no process
 * list.
 */
export function wrapperScript(image: string, variables: readonly string[]): string {
  const passed = variables.map((name) => `-e ${name}`).join(' ');
  return `#!/bin/sh
exec docker run --rm --init --network host --user "$(id -u):$(id -g)" -v "$PWD:$PWD" -w "$PWD" ${passed} ${image} "$@"
`;
}

async function pull(
  name: string,
  image: string,
  variables: readonly string[],
  folder: string,
): Promise<string> {
  // Only there does --network host mean this machine's own network.
  if (process.platform !== 'linux') throw new Error(`used on Linux only, this is ${process.platform}`);
  const docker = requireTool('docker');
  await runCommand(docker, ['version', '--format', '{{.Server.Version}}'], { timeoutMs: engineWithinMs });
  await runCommand(docker, ['pull', '--quiet', image], { timeoutMs: pullWithinMs });
  await mkdir(join(folder, 'bin'));
  await writeFile(programPath(folder, name), wrapperScript(image, variables));
  return `run with docker from ${image}`;
}

export function dockerWrapper(name: string, image: string, variables: readonly string[]): Way {
  return { name: `docker image ${image}`, make: (folder) => pull(name, image, variables, folder) };
}
