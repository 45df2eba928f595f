/**
 * Records the histories of bulk ZIPs that test/workflows/replay.test.ts replays, as record-histories.ts does those of restores:
 *
 *     node dist/test/support/record-zip-histories.js
 */
import { ApplicationFailure } from '@temporalio/activity';
import { TRANSFER_SIGNAL } from '../../core/contract.js';
import type { ZipPlanRequest } from '../../core/zip-contract.js';
import { gate } from './gate.js';
import { keepHistory } from './keep-history.js';
import { until } from './until.js';
import { zipEndOf } from './zip-lab.js';
import { appended, openZipWorkflows, planned } from './zip-workflows.js';
import type { ZipJob, ZipWorkflows } from './zip-workflows.js';

const devServer = ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=100'];

type Scenario = (world: ZipWorkflows) => Promise<ZipJob>;

async function ended(starting: Promise<ZipJob>): Promise<ZipJob> {
  const job = await starting;
  await zipEndOf(job.handle);
  return job;
}

const appends = ({ calls }: ZipJob): number => calls.filter((name) => name === 'zipAppend').length;
const waiting = () => Promise.reject(ApplicationFailure.create({ message: 'down', nextRetryDelay: '1h' }));

const scenarios: Readonly<Record<string, Scenario>> = {
  'zip-ok': (world) =>
    ended(
      world.start({
        planZip: async (request: ZipPlanRequest) => {
          const job = planned(3, request.workflowId);
          const { runId, startedAtMs } = request;
          return { kind: 'planned', job: { ...job, ref: { ...job.ref, runId, startedAtMs }, ttlMs: 200 } };
        },
      }),
    ),

  'zip-refused': (world) =>
    ended(world.start({ planZip: async () => ({ kind: 'refused', type: 'NotFound', message: 'no' }) })),

  'zip-entry-gone': (world) =>
    ended(
      world.start({
        zipAppend: ({ segment }) =>
          segment === 2
            ? Promise.resolve({ kind: 'refused', type: 'StorageError', message: 'gone' })
            : waiting(),
      }),
    ),

  'zip-deadline': (world) =>
    ended(
      world.start({
        planZip: async ({ startedAtMs, workflowId }) => {
          const job = planned(1, workflowId);
          const limits = { ...job.ref.limits, timeoutMs: 1500 };
          return { kind: 'planned', job: { ...job, ref: { ...job.ref, startedAtMs, limits } } };
        },
        zipComplete: waiting,
      }),
    ),

  'zip-cancel': async (world) => {
    const job = await world.start({ zipAppend: waiting });
    await until('all segments are under way', () => appends(job) === 3);
    await job.handle.cancel();
    await zipEndOf(job.handle);
    return job;
  },

  'zip-pause-and-progress': async (world) => {
    const built = gate();
    const job = await world.start({ zipAppend: () => built.opened.then(() => appended) }, 6);
    await until('four segments are under way', () => appends(job) === 4);
    await job.handle.signal(TRANSFER_SIGNAL, { index: 0, bytesDone: 10, bytesTotal: 100 });
    await job.handle.signal('pause');
    built.open();
    await job.handle.signal('resume');
    await zipEndOf(job.handle);
    return job;
  },

  'zip-long': (world) => ended(world.start({}, 30)),
};

const world = await openZipWorkflows(devServer);
try {
  const { client } = world.env;
  for (const [name, play] of Object.entries(scenarios)) {
    const { handle } = await play(world);
    await keepHistory(client, name, handle);
    if (name !== 'zip-ok') continue;
    const { workflowId, firstExecutionRunId } = handle;
    const expiry = client.workflow.getHandle(`expire-${workflowId}-${firstExecutionRunId}`);
    await expiry.result();
    const { runId } = await expiry.describe();
    await keepHistory(client, 'zip-expiry', { workflowId: expiry.workflowId, firstExecutionRunId: runId });
  }
} finally {
  await world.close();
}
