import { javaInDocker } from './java-in-docker.js';
import { fetchJars, writeJavaScript } from './maven-jars.js';
import type { Recipe } from './recipe.js';
import { releaseArchive } from './release-archive.js';

const artifact = { group: 'io.temporal', artifact: 'temporal-test-server', version: '1.38.0' } as const;
const name = 'temporal-test-server';
const mainClass = 'io.temporal.testserver.TestServer';
const { version } = artifact;
const system = process.platform === 'darwin' ? 'macOS' : process.platform;
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
const archive = `${name}_${version}_${system}_${architecture}.tar.gz`;

/**
 * The server under which a test of a 12-hour limit takes a second. The SDK starts it with `PORT --enable-
 * time-skipping`.
 */
export const timeSkipping: Recipe = {
  name,
  title: 'Temporal time-skipping test server',
  pin: version,
  ways: [
    releaseArchive(name, `https://github.com/temporalio/sdk-java/releases/download/v${version}/${archive}`),
    javaInDocker(name, artifact, mainClass),
    {
      name: `Maven fetch of ${artifact.group}:${artifact.artifact}:${version}`,
      make: async (folder) => {
        await fetchJars(name, artifact, folder);
        await writeJavaScript(name, mainClass, folder);
        return `${artifact.artifact} ${version}, fetched with Maven`;
      },
    },
  ],
  remedy:
    'Put temporal-test-server on PATH, or install Docker, or Maven with Java (11 or later) and try again.',
};
