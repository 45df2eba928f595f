/**
 * Records the histories that test/workflows/replay.test.ts replays, from jobs on a real dev server:
 *
 *     node dist/test/support/record-histories.js
 *
 * To be run when a change of the workflows is meant to break them, that is never while jobs of an older version may be
 * running; otherwise the change needs `patched` (docs/operations.md).
 */
import { ApplicationFailure } from '@temporalio/activity';
import { TRANSFER_SIGNAL } from '../../core/contract.js';
import { NO_EVIDENCE } from '../../core/outcome.js';
import { FILE_BYTES, LIMITS, allRight, ended, resultOf, someFiles } from './fake-steps.js';
import { gate } from './gate.js';
import { keepHistory } from './keep-history.js';
import { openWorld, until } from './workflow-world.js';
import type { Job, World } from './workflow-world.js';

const devServer = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=100'];
const quick = { ...LIMITS, retries: 1, retryDelayMs: 500 };

type Scenario = (world: World) => Promise<Job>;

const files = someFiles(3);
const right = allRight(files, new Map());
const aPage = { files: 100, failed: 0, bytes: 10, bytesDownloaded: 10, fullFilesystems: [] };

const scenarios: Readonly<Record<string, Scenario>> = {
  ok: (world) =>
    world.run({ restorePage: async () => aPage }, { files, plan: { smallPages: 2, files: 203 } }),

  failures: (world) =>
    world.run(
      {
        s3EtagCheck: async (step) =>
          step.file.index === 0 ? ended(step.file, { code: 's3-missing' }) : right.s3EtagCheck(step),
        download: async (step) => {
          if (step.file.index === 1) throw ApplicationFailure.nonRetryable('out of the blue');
          return right.download(step);
        },
        localVerify: async (step) =>
          step.lastTry
            ? right.localVerify(step)
            : { kind: 'again', evidence: NO_EVIDENCE, transfer: step.transfer },
      },
      { files, plan: { limits: quick } },
    ),

  deadline: (world) =>
    world.run(
      {
        download: () => Promise.reject(ApplicationFailure.create({ message: 'down', nextRetryDelay: '1h' })),
      },
      { files, plan: { limits: { ...quick, timeoutMs: 1500 } } },
    ),

  cancel: async (world) => {
    const job = await world.start(
      {
        download: () => Promise.reject(ApplicationFailure.create({ message: 'down', nextRetryDelay: '1h' })),
      },
      { files },
    );
    await until(() => job.stepsOf('download').length === files.length);
    await job.handle.cancel();
    await job.end();
    return job;
  },

  'pause-and-progress': async (world) => {
    const fetched = gate();
    const job = await world.start(
      { download: (step) => fetched.opened.then(() => right.download(step)) },
      { files },
    );
    await until(() => job.stepsOf('download').length === files.length);
    const update = { index: 0, rawFileId: 'sample', file: 'f0.bin', bytesDone: 10, bytesTotal: FILE_BYTES };
    await job.handle.signal(TRANSFER_SIGNAL, update);
    await job.handle.signal('pause');
    fetched.open();
    await until(async () => (await job.progress()).files_done === files.length);
    await job.handle.signal('resume');
    await job.end();
    return job;
  },

  long: (world) => world.run({}, { files: someFiles(34) }),

  invalid: (world) =>
    world.run({ planRestore: async () => ({ kind: 'invalid', message: 'raw_file_ids: …' }) }),

  report: (world) =>
    world.run(
      { rescueReport: async () => resultOf([], new Map()), readReport: async () => ({ reports: [] }) },
      { workflow: 'restoreReport', args: [{ workflow_id: 'w', paths: [] }] },
    ),
};

const world = await openWorld({ devServer, cached: 10 });
try {
  for (const [name, play] of Object.entries(scenarios)) {
    const { handle } = await play(world);
    await keepHistory(world.env.client, name, handle);
  }
} finally {
  await world.close();
}
