/** A whole restore without a Temporal server: the activities in the order in which workflows/restore.ts calls them. */
import { readFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createRestoreActivities, createTransferActivities } from '../../activities/index.js';
import { readPage } from '../../activities/stored-plan.js';
import { NOT_FETCHED } from '../../core/contract.js';
import type {
  PlanAnswer,
  RestorePreview,
  FilePlan,
  LocalState,
  PlannedJob,
  RestoreResult,
  VerifyAnswer,
} from '../../core/contract.js';
import { NO_EVIDENCE } from '../../core/outcome.js';
import type { FileOutcome } from '../../core/outcome.js';
import { START_MS, runActivity } from './restore-world.js';
import type { World } from './restore-world.js';

let jobs = 0;

/** Each is another job, unless it has the id of one before. */
export const request = (input: unknown, workflowId = `restore-${(jobs += 1)}`) => ({
  args: [input],
  workflowId,
  runId: `run-of-${encodeURIComponent(workflowId)}`,
  startedAtMs: START_MS - 1500,
});

/** What planning answers to an input, whatever it is. */
export const planAnswer = (world: World, input: unknown, workflowId?: string): Promise<PlanAnswer> =>
  runActivity(() => createRestoreActivities(world.deps).planRestore(request(input, workflowId)));

/** A dry run's plan. */
export async function previewOf(world: World, input: object): Promise<RestorePreview> {
  const answer = await planAnswer(world, { ...input, dry_run: true });
  if (answer.kind !== 'preview') throw new Error(`no preview: ${JSON.stringify(answer)}`);
  return answer.preview;
}

/** Plans a job that is expected to have a plan. */
export async function planJob(world: World, input: unknown, workflowId?: string): Promise<PlannedJob> {
  const answer = await planAnswer(world, input, workflowId);
  if (answer.kind !== 'planned') throw new Error(`not planned: ${JSON.stringify(answer)}`);
  return answer.job;
}

/** Every file that the plan tries, in order. */
export const plannedFiles = async ({ ref, chainPages }: PlannedJob): Promise<readonly FilePlan[]> =>
  (
    await Promise.all(Array.from({ length: chainPages }, (_, page) => readPage(ref.folder, 'chain', page)))
  ).flat();

/** Makes the job's files a page of small ones, as those of a job with many files are. */
export async function asSmallPage({ ref }: PlannedJob): Promise<void> {
  await rename(join(ref.folder, 'chain-000000.jsonl'), join(ref.folder, 'small-000000.jsonl'));
}

/** One file's story, as workflows/restore-file.ts tells it. */
export async function restoreOne(world: World, job: PlannedJob, file: FilePlan): Promise<FileOutcome> {
  const activities = { ...createRestoreActivities(world.deps), ...createTransferActivities(world.deps) };
  const step = { job: job.ref, limits: job.limits, file };
  let seen: LocalState = 'absent';
  try {
    const checked = await runActivity(() => activities.s3EtagCheck(step));
    if (checked.kind === 'ended') return checked.outcome;
    const sourced = { ...step, source: checked.source };
    const found = await runActivity(() => activities.localCheck(sourced));
    if (found.kind === 'ended') return found.outcome;
    seen = found.local;
    for (let round = 0, before = NOT_FETCHED; ; round += 1) {
      const toFetch = { ...sourced, local: seen, before };
      const fetched = await runActivity(() => activities.download(toFetch));
      if (fetched.kind === 'ended') return fetched.outcome;
      const toVerify = { ...toFetch, transfer: fetched.transfer, lastTry: round >= job.limits.retries };
      const verified: VerifyAnswer = await runActivity(() => activities.localVerify(toVerify));
      if (verified.kind === 'ended') return verified.outcome;
      before = verified.transfer;
    }
  } catch (error) {
    const cause = (error as Error).message;
    const evidence = { ...NO_EVIDENCE, cause };
    const outcome = {
      index: file.index,
      ending: { code: 'download-failed', cause },
      bytes: 0,
      elapsedMs: 0,
      evidence,
    } as const;
    return runActivity(() => activities.concludeFile({ ...step, outcome, local: seen }));
  }
}

export interface Finished {
  readonly result: RestoreResult;
  /** The lines of all text reports that name a file, as `<file>: <status>`. */
  readonly lines: readonly string[];
}

/** Restores file by file, and writes the reports. */
export async function restoreAll(world: World, input: unknown, workflowId?: string): Promise<Finished> {
  const job = await planJob(world, input, workflowId);
  for (const file of await plannedFiles(job)) await restoreOne(world, job, file);
  return finish(world, job);
}

export async function finish(
  world: World,
  job: PlannedJob,
  fullFilesystems: readonly string[] = [],
): Promise<Finished> {
  const { writeReport } = createRestoreActivities(world.deps);
  const result = await runActivity(() => writeReport({ job: job.ref, stop: null, fullFilesystems }));
  return { result, lines: await reportLines(result) };
}

export async function reportLines(result: RestoreResult): Promise<readonly string[]> {
  const written = await Promise.all(result.reports.map((path) => readFile(path, 'utf8')));
  const texts = [...written, ...(result.unwritten_reports ?? []).map(({ text }) => text)];
  return texts.flatMap((text) => text.split('\n').filter((line) => /: (OK|FAILURE) - /.test(line)));
}

/** Names of locks and temporary files that were left behind. */
export const leftovers = async (world: World): Promise<readonly string[]> =>
  (await readdir(world.root, { recursive: true })).filter((name) => /\.stowage-/.test(name));
