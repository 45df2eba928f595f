import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FilePlan, PlannedJob } from '../../core/contract.js';
import type { FileOutcome } from '../../core/outcome.js';
import { outcomeOf } from '../../activities/endings.js';
import { jobFolder, removeJobFolder } from '../../activities/job-folder.js';
import { readRecorded, recordOutcome, recordStart } from '../../activities/outcome-lines.js';
import { paged, readAllFiles, readPage, readPlan, writePlan } from '../../activities/stored-plan.js';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stowage-ledger-'));
  folder = jobFolder(root, 'restore-1', 'run-1');
});
afterEach(() => rm(root, { recursive: true }));

const skipped = (index: number): FileOutcome => outcomeOf(index, { code: 'skipped' });
const denied = (index: number): FileOutcome => outcomeOf(index, { code: 's3-denied' });
const filePlan = (index: number): FilePlan => ({
  index,
  rawFileId: 'sample',
  file: `${index}.raw`,
  destination: '/out/P1',
  bucket: 'b',
  key: `${index}.raw`,
  expected: { sizeBytes: 1, md5: null, etag: null, partSizeBytes: 1 },
  filesystem: '1',
});
const files = (...indexes: readonly number[]): readonly FilePlan[] => indexes.map(filePlan);
const write = (
  lists: Partial<Record<'chain' | 'small' | 'refused', readonly FilePlan[]>>,
  refusals: readonly FileOutcome[] = [],
) =>
  writePlan(
    { job: { ref: { folder }, files: 5 } as unknown as PlannedJob, rawFiles: [] },
    { chain: [], small: [], refused: [], ...lists },
    refusals,
  );
const indexesOf = (plans: readonly FilePlan[]): readonly number[] => plans.map(({ index }) => index);

describe('a plan', () => {
  test('is read page by page, in order', async () => {
    const indexes = Array.from({ length: 250 }, (_, index) => index);
    await write({ chain: files(...indexes) });
    expect(indexesOf(await readPage(folder, 'chain', 0))).toEqual(indexes.slice(0, 100));
    expect(indexesOf(await readPage(folder, 'chain', 2))).toEqual(indexes.slice(200));
    expect(paged(indexes).map((page) => page.length)).toEqual([100, 100, 50]);
  });

  test('gives all files in the order of the report, however they are restored', async () => {
    await write({ chain: files(1, 4), small: files(0, 3), refused: files(2) });
    expect(indexesOf(await readAllFiles(folder))).toEqual([0, 1, 2, 3, 4]);
  });

  test('has the outcomes of what it refused from the start', async () => {
    await write({ refused: files(2) }, [denied(2)]);
    expect((await readRecorded(folder)).outcomes.get(2)).toEqual(denied(2));
  });

  test('is there whole or not at all', async () => {
    expect(await readPlan(folder)).toBeNull();
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    await expect(write({ chain: [cyclic as unknown as FilePlan] })).rejects.toThrow('circular');
    expect(await readdir(dirname(folder))).toEqual([]);
    await write({ chain: files(0) });
    expect(await readPlan(folder)).toEqual({ job: { ref: { folder }, files: 5 }, rawFiles: [] });
  });

  test.each(['../../../evil', '..', '.', 'a/b', 'Größe %', 'w'.repeat(1000), 'ü'.repeat(300)])(
    'of the workflow id %j stays below the output root, in one folder of its own',
    async (workflowId) => {
      folder = jobFolder(root, workflowId, 'run-1');
      expect(dirname(dirname(folder))).toBe(join(root, '.stowage'));
      await write({ chain: files(0) });
      expect(indexesOf(await readAllFiles(folder))).toEqual([0]);
    },
  );

  test('of long workflow ids that differ at their ends only are different', () => {
    const long = 'w'.repeat(500);
    expect(jobFolder(root, `${long}1`, 'run')).not.toBe(jobFolder(root, `${long}2`, 'run'));
  });
});

describe('what is recorded', () => {
  beforeEach(() => mkdir(folder, { recursive: true }));

  test('is read back: what was begun and what has ended', async () => {
    await recordStart(folder, 0);
    await recordStart(folder, 1);
    await recordOutcome(folder, skipped(0));
    const { outcomes, started } = await readRecorded(folder);
    expect([...outcomes.values()]).toEqual([skipped(0)]);
    expect([...started]).toEqual([0, 1]);
  });

  test('comes from the files of all processes', async () => {
    await recordOutcome(folder, skipped(0));
    await writeFile(
      join(folder, 'outcomes-other-host-7.jsonl'),
      `${JSON.stringify({ outcome: denied(1) })}\n`,
    );
    expect(new Set((await readRecorded(folder)).outcomes.keys())).toEqual(new Set([0, 1]));
  });

  const written = async (process: string, ...lines: readonly object[]): Promise<void> =>
    writeFile(
      join(folder, `outcomes-${process}.jsonl`),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
  const outcomes = async (): Promise<readonly FileOutcome[]> => [
    ...(await readRecorded(folder)).outcomes.values(),
  ];

  test('twice for one file counts once, and the first line counts', async () => {
    await recordOutcome(folder, denied(0));
    await recordOutcome(folder, outcomeOf(0, { code: 's3-missing' }));
    expect(await outcomes()).toEqual([denied(0)]);
  });

  test.each([
    ['a', 'b'],
    ['b', 'a'],
  ])(
    'by two processes counts by its time, not by the order of their names: %s, then %s',
    async (first, second) => {
      const healed = outcomeOf(0, { code: 'healed' });
      await written(first, { outcome: healed, atMs: 1000 });
      await written(second, { outcome: skipped(0), atMs: 2000 });
      expect(await outcomes()).toEqual([healed]);
    },
  );

  test('counts as a success where one try succeeded, whatever another said before or after it', async () => {
    await written('a', { outcome: denied(0), atMs: 1000 }, { outcome: skipped(1), atMs: 1000 });
    await written('b', { outcome: skipped(0), atMs: 2000 }, { outcome: denied(1), atMs: 2000 });
    expect(await outcomes()).toEqual([skipped(1), skipped(0)]);
  });

  test('loses a torn last line only, and nothing that is written after it', async () => {
    await recordOutcome(folder, skipped(0));
    const [name = ''] = await readdir(folder);
    await appendFile(join(folder, name), '{"outcome":{"index":1,"end');
    await recordOutcome(folder, skipped(2));
    expect([...(await readRecorded(folder)).outcomes.keys()]).toEqual([0, 2]);
  });
});

describe('the folder of a job', () => {
  test('goes with the empty folders above it', async () => {
    await mkdir(folder, { recursive: true });
    await removeJobFolder(folder);
    expect(await readdir(root)).toEqual([]);
    await removeJobFolder(folder);
  });

  test('leaves other jobs alone', async () => {
    await mkdir(folder, { recursive: true });
    const other = jobFolder(root, 'restore-2', 'run-1');
    await mkdir(other, { recursive: true });
    await removeJobFolder(folder);
    expect(await readdir(dirname(other))).toEqual(['run-1']);
  });
});
