import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programPath } from './cache.js';
import { requireTool } from './find-on-path.js';
import { runCommand } from './run-command.js';

export interface MavenArtifact {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
}

function pom({ group, artifact, version }: MavenArtifact): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>stowage.local</groupId><artifactId>jars</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;
}

/** Fetches the artifact and all that it needs into `jars/NAME/`. */
export async function fetchJars(name: string, artifact: MavenArtifact, folder: string): Promise<string> {
  requireTool('java');
  const goal = await prepareFetch(name, artifact, folder);
  await runCommand(requireTool('mvn'), goal);
  return join(folder, 'jars', name);
}

/** Writes what Maven reads. @returns its arguments. */
export async function prepareFetch(
  name: string,
  artifact: MavenArtifact,
  folder: string,
): Promise<readonly string[]> {
  const jars = join(folder, 'jars', name);
  await mkdir(jars, { recursive: true });
  await writeFile(join(folder, 'pom.xml'), pom(artifact));
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${jars}`];
  return ['-B', '-q', '-f', join(folder, 'pom.xml'), ...goal];
}

/**
 * A script that starts the Java program as one of its own name. It finds its jars beside itself, so that the
 * cache can be moved; `exec`, so that a signal meant for the program reaches it. Serial collector and first-
 * tier compiler: quick to start.
 */
export function javaScript(name: string, mainClass: string): string {
  return `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$here/../jars/${name}/*" ${mainClass} "$@"
`;
}

export async function writeJavaScript(name: string, mainClass: string, folder: string): Promise<void> {
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(programPath(folder, name), javaScript(name, mainClass));
}
