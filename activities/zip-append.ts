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
    const place = { index: segment, rawFileId: '', file: '', bytesTotal: bytesOf(page) };
    const tell = (bytesDone: number): void => deps.tell(job, { ...place, bytesDone });
    const builder = createBuilder(deps, job, nameOf, context, tell);
    const built = await buildSegment(builder, page.segment, page.entries);
    const record: SegmentRecord = { segment: page.segment, ...built };
    await writeWork(zips, job, WORK.record(segment), record);
    return answer(page, record);
  });

const bytesOf = ({ entries }: PlanPage): number => entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

const answer = (page: PlanPage, { dropped }: SegmentRecord): ZipAppended => ({
  kind: 'appended',
  entries: page.entries.length - dropped.length,
  skipped: dropped.length,
  bytes: bytesOf(page),
});
