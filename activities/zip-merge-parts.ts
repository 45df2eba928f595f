/** S3 takes no part below 5 MiB but the last: segments that came out too small are built again together with their neighbours. */
import { mergeUndersized } from '../core/zip-merge.js';
import type { MergePlan } from '../core/zip-merge.js';
import type { ZipSegment } from '../core/zip-segments.js';
import type { Builder, Built, EntryToWrite } from './zip-builder.js';
import { writeGlue } from './zip-glue.js';
import type { Glue } from './zip-glue.js';
import { buildSegment } from './zip-segment.js';
import type { PlanPage, PlannedEntry, SegmentRecord } from './zip-work.js';

/** A stretch of the ZIP as it lies in S3. */
export interface Stretch {
  readonly segment: ZipSegment;
  /** Those that were to be in it. */
  readonly planned: readonly PlannedEntry[];
  readonly built: Built;
}

export const stretchOf = ({ segment, entries }: PlanPage, record: SegmentRecord): Stretch => ({
  segment,
  planned: entries,
  built: record,
});

export interface Merged {
  /** All entries that were ever to be in the ZIP. */
  readonly planned: readonly PlannedEntry[];
  readonly stretches: readonly Stretch[];
  /** What goes before the central directory, in the last part. */
  readonly tail: Glue;
}

/** Builds neighbours together until no part but the last is too small. */
export async function mergeStretches(builder: Builder, all: readonly Stretch[]): Promise<Merged> {
  const plan = mergeUndersized(
    all.map(({ segment, built }, at) => ({
      segment: at,
      firstPart: segment.firstPart,
      partBytes: built.parts.map(({ bytes }) => bytes),
    })),
  );
  // An entry may drop out even now: what was built is looked at once more.
  if (plan.rebuilt.length > 0) return mergeStretches(builder, await rebuild(builder, all, plan));
  const tail = await writeGlue(
    builder,
    plan.tail.flatMap((at) => again(all[at])),
    0,
  );
  const droppedBefore = plan.tail.flatMap((at) => all[at]?.built.dropped ?? []);
  const last = new Set(plan.tail);
  return {
    planned: all.flatMap(({ planned }) => planned),
    stretches: all.filter((_, at) => !last.has(at)),
    tail: { ...tail, dropped: [...droppedBefore, ...tail.dropped] },
  };
}

async function rebuild(
  builder: Builder,
  all: readonly Stretch[],
  { rebuilt }: MergePlan,
): Promise<readonly Stretch[]> {
  const next = [...all] as (Stretch | null)[];
  for (const { segments } of rebuilt) {
    const last = segments.at(-1) ?? 0;
    const together = segments.flatMap((at) => again(all[at]));
    const segment = reduced(all[last]);
    const built = await buildSegment(builder, segment, together);
    const droppedBefore = segments.flatMap((at) => all[at]?.built.dropped ?? []);
    for (const at of segments) next[at] = null;
    next[last] = {
      segment,
      planned: segments.flatMap((at) => all[at]?.planned ?? []),
      built: { ...built, dropped: [...droppedBefore, ...built.dropped] },
    };
  }
  return next.filter((stretch) => stretch !== null);
}

/** The entries that are in a stretch, each with what it was packed to before. */
function again(stretch: Stretch | undefined): readonly EntryToWrite[] {
  const packed = new Map(stretch?.built.entries.map(({ place, packedBytes }) => [place, packedBytes]));
  return (stretch?.planned ?? []).flatMap((entry) => {
    const packedHint = packed.get(entry.place);
    return packedHint === undefined ? [] : { ...entry, packedHint };
  });
}

/** The last segment of a group: a run where its large entry dropped out. */
function reduced(stretch: Stretch | undefined): ZipSegment {
  if (stretch === undefined) throw new Error('a merge names a segment that is not there');
  const { segment, planned, built } = stretch;
  const largeIsThere = planned.at(-1)?.place === built.entries.at(-1)?.place;
  if (segment.kind === 'run' || largeIsThere) return segment;
  const { firstPart, from, to } = segment;
  return { kind: 'run', firstPart, parts: 1, from, to };
}
