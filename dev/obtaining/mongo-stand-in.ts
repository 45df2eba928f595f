import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireTool } from './find-on-path.js';
import { fetchJars, writeJavaScript } from './maven-jars.js';
import type { Way } from './recipe.js';
import { runCommand } from './run-command.js';

const artifact = {
  group: 'de.bwaldvogel',
  artifact: 'mongo-java-server-h2-backend',
  version: '1.47.0',
} as const;

/**
 * The artifact's own main class listens on one fixed port; this one takes the flags that mongod is started
 * with here.
 */
const mainSource = `import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;

public class MongoStandIn {
  public static void main(String[] args) {
    List<String> flags = List.of(args);
    String file = flags.get(flags.indexOf("--dbpath") + 1) + "/stand-in.mv";
    int port = Integer.parseInt(flags.get(flags.indexOf("--port") + 1));
    MongoServer server = new MongoServer(new H2Backend(file));
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    server.bind("127.0.0.1", port);
  }
}
`;

async function build(folder: string): Promise<string> {
  const javac = requireTool('javac');
  const jars = await fetchJars('mongod', artifact, folder);
  const source = join(folder, 'MongoStandIn.java');
  await writeFile(source, mainSource);
  const classes = join(folder, 'classes');
  await runCommand(javac, ['--release', '11', '-cp', join(jars, '*'), '-d', classes, source]);
  await runCommand(requireTool('jar'), [
    '--create',
    '--file',
    join(jars, 'stand-in.jar'),
    '-C',
    classes,
    '.',
  ]);
  await writeJavaScript('mongod', 'MongoStandIn', folder);
  return `mongo-java-server ${artifact.version} as a stand-in, built with Maven`;
}

/**
 * A server in Java that speaks MongoDB's protocol well enough for inserts and finds: no sessions, no
 * transactions.
 */
export const mongoStandIn: Way = {
  name: `Maven build of ${artifact.artifact} ${artifact.version}`,
  make: build,
};
