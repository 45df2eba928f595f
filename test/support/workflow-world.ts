/**
 * Workflows against fake activities on a Temporal server that skips time (or, for what needs it, the real dev server). One
 * pair of workers serves all jobs of a test file; each job brings its own fakes.
 *
 * Time skips only while a job's end is awaited and no activity runs: a fake that "takes 13 hours" throws with nextRetryDelay.
 */
import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import type { WorkflowHandleWithFirstExecutionRunId, WorkflowStartOptions } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { FilePlan, PlannedJob, ProgressAnswer } from '../../core/contract.js';
import { PROGRESS_QUERY, transferQueue } from '../../core/contract.js';
import { allRight, remember } from './fake-steps.js';
import type { Activities, Fakes, Ledger } from './fake-steps.js';
import { realServer, skippingServer } from './temporal-servers.js';
import { bundlePath } from './workflow-bundle.js';
import { endOf } from './workflow-end.js';
import type { End } from './workflow-end.js';

type ActivityName = keyof Activities;
type StepOf<Name extends ActivityName> = Parameters<Activities[Name]>[0];

/** One try of one activity. */
interface Call {
  readonly name: ActivityName;
  readonly step: unknown;
  readonly file: string | null;
  /** By the server's clock. */
  readonly atMs: number;
  /** False until the fake has answered or thrown. */
  over: boolean;
}

export interface Job {
  readonly handle: WorkflowHandleWithFirstExecutionRunId;
  readonly calls: readonly Call[];
  /** The arguments of every call of one activity. */
  stepsOf<Name extends ActivityName>(name: Name): readonly StepOf<Name>[];
  /** The activities called for a file (or for all), in order. */
  story(file?: string): readonly ActivityName[];
  progress(): Promise<ProgressAnswer>;
  /** Waits for the end while time skips. */
  end(): Promise<End>;
  /** Waits for the end while time goes its usual way. */
  endUnskipped(): Promise<End>;
}

export interface JobOptions {
  readonly files?: readonly FilePlan[];
  readonly plan?: Partial<PlannedJob>;
  readonly workflow?: string;
  readonly args?: readonly unknown[];
  readonly start?: Partial<WorkflowStartOptions>;
}

export interface World {
  readonly env: TestWorkflowEnvironment;
  start(fakes: Fakes, options?: JobOptions): Promise<Job>;
  /** Starts a job and waits for its end while time skips. */
  run(fakes: Fakes, options?: JobOptions): Promise<Job & { readonly ended: End }>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Arguments of a real dev server, used instead of the one that skips time. */
  readonly devServer?: readonly string[];
  /** Workflows in the worker's cache; with none of them every step replays the job from its start. */
  readonly cached?: number;
}

const quietly = (): void => undefined;

let isInstalled = false;

/** Once for a test file: it may open several worlds. */
function installQuietRuntime(): void {
  if (isInstalled) return;
  const logging = { filter: { core: 'ERROR', other: 'ERROR' } } as const;
  Runtime.install({ logger: new DefaultLogger('ERROR', quietly), telemetryOptions: { logging } });
  isInstalled = true;
}

export async function openWorld({ devServer, cached = 0 }: WorldOptions = {}): Promise<World> {
  installQuietRuntime();
  const [env, codePath] = await Promise.all([
    devServer === undefined ? skippingServer() : realServer(devServer),
    bundlePath(),
  ]);
  const jobs = new Map<
    string,
    { readonly calls: Call[]; readonly fakes: Activities; readonly ledger: Ledger }
  >();
  const taskQueue = `workflows-${randomUUID()}`;
  const throttle = '100ms';
  const shared = {
    connection: env.nativeConnection,
    maxHeartbeatThrottleInterval: throttle,
    defaultHeartbeatThrottleInterval: throttle,
    // A fake that a failed test has left waiting must not keep the file from its end.
    shutdownForceTime: '2s',
    activities: dispatching(async (name, step) => {
      const job = jobs.get(activityInfo().workflowExecution?.workflowId ?? '');
      if (job === undefined) throw new Error('an activity of another test');
      const call: Call = { name, step, file: fileOf(step), atMs: await env.currentTimeMs(), over: false };
      job.calls.push(call);
      try {
        const answer = await (job.fakes[name] as (step: unknown) => Promise<unknown>)(step);
        remember(job.ledger, answer);
        return answer;
      } finally {
        call.over = true;
      }
    }),
  } as const;
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue,
      workflowBundle: { codePath },
      maxCachedWorkflows: cached,
      maxConcurrentActivityTaskExecutions: 64,
    }),
    Worker.create({
      ...shared,
      taskQueue: transferQueue(taskQueue),
      maxConcurrentActivityTaskExecutions: 64,
    }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));

  const start = async (
    fakes: Fakes,
    { files = [], plan = {}, workflow = 'restore', args = ['sample'], start: more = {} }: JobOptions = {},
  ): Promise<Job> => {
    const workflowId = `job-${randomUUID()}`;
    const [calls, ledger]: [Call[], Ledger] = [[], new Map()];
    jobs.set(workflowId, { calls, ledger, fakes: { ...allRight(files, ledger, plan), ...fakes } });
    const handle = await env.client.workflow.start(workflow, {
      ...more,
      taskQueue,
      workflowId,
      args: [...args],
    });
    const ofFile = (file?: string) => calls.filter((call) => file === undefined || call.file === file);
    return {
      handle,
      calls,
      stepsOf: <Name extends ActivityName>(name: Name) =>
        calls.filter((call) => call.name === name).map(({ step }) => step as StepOf<Name>),
      story: (file) => ofFile(file).map(({ name }) => name),
      progress: () => handle.query<ProgressAnswer>(PROGRESS_QUERY),
      end: () => endOf(handle),
      endUnskipped: async () => {
        await until(async () => (await handle.describe()).status.name !== 'RUNNING');
        return endOf(handle);
      },
    };
  };
  return {
    env,
    start,
    run: async (fakes, options) => {
      const job = await start(fakes, options);
      return { ...job, ended: await job.end() };
    },
    close: async () => {
      for (const worker of workers) worker.shutdown();
      await running.catch(quietly);
      await env.teardown();
    },
  };
}

/** Waits, by the real clock, until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const lastMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > lastMs) throw new Error(`did not come true within ${withinMs} ms: ${String(holds)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** How many files a job takes in hand at once: the calls of an activity that holds them, once no more come. */
export async function inHand({ calls }: Job, name: ActivityName): Promise<number> {
  const count = (): number => calls.filter((call) => call.name === name && !call.over).length;
  let [last, quietSince] = [0, Date.now()];
  await until(() => {
    if (count() !== last) [last, quietSince] = [count(), Date.now()];
    return last > 0 && Date.now() - quietSince > 500;
  });
  return last;
}

type Dispatch = (name: ActivityName, step: unknown) => Promise<unknown>;

const dispatching = (dispatch: Dispatch): Record<string, (step: unknown) => Promise<unknown>> =>
  Object.fromEntries(
    (Object.keys(allRight([], new Map())) as ActivityName[]).map((name) => [
      name,
      (step) => dispatch(name, step),
    ]),
  );

const fileOf = (step: unknown): string | null =>
  typeof step === 'object' && step !== null && 'file' in step ? (step.file as FilePlan).file : null;
