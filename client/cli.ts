/** The command line: words to commands, mistakes to exit codes. */
import { Command, CommanderError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import type { RestoreCommandOptions } from './commands.js';
import { ask, restore, status, watch } from './commands.js';
import { EXIT, exitCodeOfProblem } from './exit-code.js';
import { EXAMPLES_AND_EXIT_STATUS } from './help.js';
import { Problem, asProblem } from './problem.js';
import { jsonLine, problemDocument } from './render-json.js';
import { report } from './report-command.js';
import type { Surroundings } from './surroundings.js';
import { realSurroundings } from './surroundings.js';
import type { ZipCommandOptions } from './zip-command.js';
import { zip } from './zip-command.js';

/** Runs one command; resolves with the exit code of the process. */
export async function main(
  argv: readonly string[],
  world: Surroundings = realSurroundings(),
): Promise<number> {
  let exitCode: number = EXIT.ok;
  try {
    const program = buildProgram(world, (code) => (exitCode = code));
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return complain(error, argv.includes('--json'), world);
  }
}

function complain(error: unknown, json: boolean, world: Surroundings): number {
  // Commander has said on standard error what is wrong, or has printed the help or the version.
  const spoken = error instanceof CommanderError;
  if (spoken && error.exitCode === 0) return EXIT.ok;
  const problem = spoken ? new Problem('usage', error.message) : asProblem(error);
  if (!spoken) world.err(`${problem.message}\n`);
  if (problem.kind === 'internal' && process.env['LOG_LEVEL'] === 'debug')
    world.err(`${String(problem.cause)}\n`);
  if (json) world.out(jsonLine(problemDocument(problem)));
  return exitCodeOfProblem(problem.kind);
}

/** The commands; each hands its exit code to `done`. */
export function buildProgram(world: Surroundings, done: (exitCode: number) => void): Command {
  const program = new Command('stowage')
    .description('Restores raw files from S3, verified byte for byte, and builds ZIPs inside S3.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this page')
    .option('--json', 'print one JSON document on standard output, for programs')
    .exitOverride()
    .configureHelp({
      subcommandTerm: (command) =>
        `${command.name()} ${command.usage().replace(/^\[options\] ?/, '')}`.trimEnd(),
    })
    .configureOutput({
      writeOut: world.out,
      writeErr: world.err,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .addHelpText('after', EXAMPLES_AND_EXIT_STATUS);
  addRestore(program, world, done);
  addZip(program, world, done);
  addJobCommands(program, world, done);
  addPrograms(program);
  return program;
}

function addRestore(program: Command, world: Surroundings, done: (exitCode: number) => void): void {
  program
    .command('restore')
    .description('restore raw files and watch until they are there')
    .argument('<ids...>', 'raw file ids, also as comma lists; - reads them from standard input')
    .option('--files <glob>', 'only files whose relative path matches; repeat it for more', addTo)
    .option('--dry-run', 'say what would happen; write nothing')
    .option('--verify-only', 'check what is there; download nothing')
    .option('--detach', 'start the job, print its workflow id and leave')
    .option('--id <workflow id>', 'the workflow id, instead of restore-<time>-<random>')
    .option('--json', 'print one JSON document')
    .action(async (ids: string[], _options, command: Command) =>
      done(await restore(ids, command.optsWithGlobals<RestoreCommandOptions>(), world)),
    );
}

function addZip(program: Command, world: Surroundings, done: (exitCode: number) => void): void {
  program
    .command('zip')
    .description('put objects of S3 into one ZIP in S3 and watch until it is there')
    .requiredOption('--prefix <s3://…>', 'the objects: all below this prefix')
    .requiredOption('--output <s3://….zip>', 'the ZIP')
    .addOption(
      new Option('--on-error <what>', 'when an object cannot be read (default: skip)').choices([
        'fail',
        'skip',
      ]),
    )
    .addOption(
      new Option('--compression <how>', 'how entries are written (default: store)').choices([
        'store',
        'deflate',
      ]),
    )
    .option('--detach', 'start the job, print its workflow id and leave')
    .option('--id <workflow id>', 'the workflow id, instead of zip-<time>-<random>')
    .option('--json', 'print one JSON document')
    .action(async (_options, command: Command) =>
      done(await zip(command.optsWithGlobals<ZipCommandOptions>(), world)),
    );
}

const addTo = (glob: string, globs: readonly string[] = []): readonly string[] => [...globs, glob];

type JobCommand = (
  workflowId: string,
  options: { readonly json?: boolean },
  world: Surroundings,
) => Promise<number>;

const JOB_COMMANDS: readonly (readonly [name: string, description: string, JobCommand])[] = [
  ['watch', 'show the progress of a job until it ends, and its result', watch],
  ['status', 'say how far a job has come', status],
  [
    'cancel',
    'stop a job; it still writes its report',
    (id, options, world) => ask('cancel', id, options, world),
  ],
  [
    'pause',
    'start no further files until it is resumed',
    (id, options, world) => ask('pause', id, options, world),
  ],
  ['resume', 'go on after a pause', (id, options, world) => ask('resume', id, options, world)],
  ['report', 'print the reports of a job that has ended', report],
];

function addJobCommands(program: Command, world: Surroundings, done: (exitCode: number) => void): void {
  for (const [name, description, run] of JOB_COMMANDS)
    program
      .command(name)
      .description(description)
      .argument('<workflow id>')
      .option('--json', 'print one JSON document')
      .action(async (workflowId: string, _options, command: Command) =>
        done(await run(workflowId, command.optsWithGlobals(), world)),
      );
}

/** bin/stowage.js runs these as programs of their own; here they only have a line in the help. */
function addPrograms(program: Command): void {
  const programs = {
    dev: 'run the whole local stack',
    worker: 'run a worker',
    api: 'serve the HTTP API',
    doctor: 'check every setting and server',
  };
  for (const [name, description] of Object.entries(programs))
    program
      .command(name)
      .description(description)
      .action(() => {
        throw new Problem('usage', `Put the command first: stowage ${name}`);
      });
}

function version(): string {
  const { version: found } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  return found;
}
