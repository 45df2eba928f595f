import { fetchJars, writeJavaScript } from './maven-jars.js';
import type { Recipe } from './recipe.js';

const artifact = { group: 'io.temporal', artifact: 'temporal-test-server', version: '1.38.0' } as const;
const name = 'temporal-test-server';

/**
 * The server under which a test of a 12-hour limit takes a second. The SDK starts it with `PORT --enable-
 * time-skipping`.
 */
export const timeSkipping: Recipe = {
  name,
  title: 'Temporal time-skipping test server',
  pin: artifact.version,
  ways: [
    {
      name: `Maven fetch of ${artifact.group}:${artifact.artifact}:${artifact.version}`,
      make: async (folder) => {
        await fetchJars(name, artifact, folder);
        await writeJavaScript(name, 'io.temporal.testserver.TestServer', folder);
        return `${artifact.artifact} ${artifact.version}, fetched with Maven`;
      },
    },
  ],
  remedy: 'Install Maven with Java (11 or later) and try again.',
};
