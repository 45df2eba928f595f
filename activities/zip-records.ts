import { forEachAtOnce } from './in-flight.js';
import type { ZipDeps } from './zip-deps.js';
import { stretchOf, type Stretch } from './zip-merge-parts.js';
import { WORK, needWork } from './zip-work.js';
import type { PlanPage, SegmentRecord, StoredPlan } from './zip-work.js';

const READS_AT_ONCE = 16;

/** What came of all segments, in their order. */
export async function readStretches(
  { zips }: ZipDeps,
  { job }: StoredPlan,
  signal: AbortSignal,
): Promise<readonly Stretch[]> {
  const stretches: Stretch[] = [];
  const numbers = Array.from({ length: job.segments }, (_, at) => at);
  await forEachAtOnce(numbers, READS_AT_ONCE, signal, async (at) => {
    const [page, record] = await Promise.all([
      needWork<PlanPage>(zips, job.ref, WORK.page(at)),
      needWork<SegmentRecord>(zips, job.ref, WORK.record(at)),
    ]);
    stretches[at] = stretchOf(page, record);
  });
  return stretches;
}
