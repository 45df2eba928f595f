import { forEachAtOnce } from './in-flight.js';
import type { ZipDeps } from './zip-deps.js';
import { stretchOf, type Stretch } from './zip-merge-parts.js';
import { WORK, needWork } from './zip-work.js';
import type { PlanPage, PlannedEntry, SegmentRecord, StoredPlan } from './zip-work.js';

const READS_AT_ONCE = 8;

/** What came of all segments, in their order; without what was planned. */
export async function readStretches(
  { zips }: ZipDeps,
  { job }: StoredPlan,
  signal: AbortSignal,
): Promise<readonly Stretch[]> {
  const stretches: Stretch[] = [];
  const numbers = Array.from({ length: job.segments }, (_, at) => at);
  await forEachAtOnce(numbers, READS_AT_ONCE, signal, async (at) => {
    stretches[at] = stretchOf(at, await needWork<SegmentRecord>(zips, job.ref, WORK.record(at)));
  });
  return stretches;
}

/** The entries that were to be in a stretch, in their order. */
export type PlannedOf = (stretch: Pick<Stretch, 'pages'>) => Promise<readonly PlannedEntry[]>;

/** Reads them from the plan's pages: a few thousand at a time, never all. */
export const plannedOf =
  ({ zips }: ZipDeps, { job }: StoredPlan): PlannedOf =>
  async ({ pages }) => {
    const read = pages.map((at) => needWork<PlanPage>(zips, job.ref, WORK.page(at)));
    return (await Promise.all(read)).flatMap(({ entries }) => entries);
  };
