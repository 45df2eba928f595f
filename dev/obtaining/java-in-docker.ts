import { mkdir, writeFile } from 'node:fs/promises';
import { programPath } from './cache.js';
import { pullImage } from './docker-wrapper.js';
import { prepareFetch } from './maven-jars.js';
import type { MavenArtifact } from './maven-jars.js';
import type { Way } from './recipe.js';
import { runCommand } from './run-command.js';

/** Maven, and the Java that it needs, with a tag that does not move. */
const IMAGE = 'maven:3.9.9-eclipse-temurin-21';

/** A Java program of Maven Central's for machines that have Docker and no Java: fetched and run in Maven's own image. */
export const javaInDocker = (name: string, artifact: MavenArtifact, mainClass: string): Way => ({
  name: `Maven in the docker image ${IMAGE}`,
  make: async (folder) => {
    const docker = await pullImage(IMAGE);
    const goal = await prepareFetch(name, artifact, folder);
    await runCommand(docker, fetchArguments(folder, goal));
    await mkdir(`${folder}/bin`, { recursive: true });
    await writeFile(programPath(folder, name), dockerJavaScript(name, mainClass));
    return `${artifact.artifact} ${artifact.version}, fetched with Maven and run with docker in ${IMAGE}`;
  },
});

/** Maven's own store stays in the container; what it copies belongs to whoever asked. */
export function fetchArguments(folder: string, goal: readonly string[]): readonly string[] {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const place = ['--user', user, '-v', `${folder}:${folder}`, '-w', folder, '--entrypoint', 'mvn'];
  return ['run', '--rm', ...place, IMAGE, '-Dmaven.repo.local=/tmp/m2', ...goal];
}

/** As `javaScript`, with the Java of the image: its jars are beside it, so that the cache can be moved. */
export const dockerJavaScript = (name: string, mainClass: string): string => `#!/bin/sh
jars=$(cd "$(dirname "$0")/../jars/${name}" && pwd)
exec docker run --rm --init --network host --user "$(id -u):$(id -g)" -v "$jars:$jars:ro" --entrypoint java ${IMAGE} \\
  -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$jars/*" ${mainClass} "$@"
`;
