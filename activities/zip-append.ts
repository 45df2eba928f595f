/** One segment of a ZIP: reads its entries, builds its parts, uploads them, and writes down what came of it. */
import type { ZipAppendAnswer, ZipAppendStep, ZipAppended } from '../core/zip-contract.js';
import { createBuilder } from './zip-builder.js';
import type { ZipDeps } from './zip-deps.js';
import { planNames } from './zip-names.js';
import { runZipStep } from './zip-refusals.js';
import { buildSegment } from './zip-segment.js';
import { WORK, needWork, readWork, writeWork } from './zip-work.js';
import type { PlanPage, SegmentRecord } from './zip-work.js';

export const zipAppend = (deps: ZipDeps, { job, segment }: ZipAppendStep): Promise<ZipAppendAnswer> =>
  runZipStep<ZipAppended>(job.limits, async (context) => {
    const { zips } = deps;
    const page = await needWork<PlanPage>(zips, job, WORK.page(segment));
    const nameOf = await planNames(deps, job, page.namesDigest);
    if (typeof nameOf !== 'function') return nameOf;
    const known = await readWork<SegmentRecord>(zips, job, WORK.record(segment));
    if (known !== null) return answer(page, known);
    const { segment: planned, entries } = page;
    const built = await buildSegment(createBuilder(deps, job, nameOf, context), planned, entries);
    const record: SegmentRecord = { segment: planned, ...built };
    await writeWork(zips, job, WORK.record(segment), record);
    return answer(page, record);
  });

const answer = ({ entries }: PlanPage, { dropped }: SegmentRecord): ZipAppended => ({
  kind: 'appended',
  entries: entries.length - dropped.length,
  skipped: dropped.length,
  bytes: entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
});
