/** S3 takes no part below 5 MiB but the last: segments that came out too small are built again together with their neighbours. */
import { mergeUndersized } from '../core/zip-merge.js';
import type { MergePlan } from '../core/zip-merge.js';
import type { ZipSegment } from '../core/zip-segments.js';
import type { Builder, Built, EntryToWrite } from './zip-builder.js';
import { writeGlue } from './zip-glue.js';
import type { Glue } from './zip-glue.js';
import { buildSegment } from './zip-segment.js';
import type { PlannedOf } from './zip-records.js';
import type { PlannedEntry, SegmentRecord } from './zip-work.js';

/** A stretch of the ZIP as it lies in S3. */
export interface Stretch {
  readonly segment: ZipSegment;
  /** The plan's pages of those that were to be in it. */
  readonly pages: readonly number[];
  readonly built: Built;
}

export const stretchOf = (at: number, { segment, ...built }: SegmentRecord): Stretch => ({
  segment,
  pages: [at],
  built,
});

export interface Merged {
  readonly stretches: readonly Stretch[];
  /** What goes before the central directory, in the last part. */
  readonly tail: Glue & Pick<Stretch, 'pages'>;
}

/** Builds neighbours together until no part but the last is too small. */
export async function mergeStretches(
  builder: Builder,
  all: readonly Stretch[],
  plannedOf: PlannedOf,
): Promise<Merged> {
  const plan = mergeUndersized(
    all.map(({ segment, built }, at) => ({
      segment: at,
      firstPart: segment.firstPart,
      partBytes: built.parts.map(({ bytes }) => bytes),
    })),
  );
  // An entry may drop out even now: what was built is looked at once more.
  if (plan.rebuilt.length > 0)
    return mergeStretches(builder, await rebuild(builder, all, plan, plannedOf), plannedOf);
  const last = plan.tail.flatMap((at) => all[at] ?? []);
  const { together, pages, droppedBefore } = await joined(last, plannedOf);
  const tail = await writeGlue(builder, together, 0);
  return {
    stretches: all.filter((stretch) => !last.includes(stretch)),
    tail: { ...tail, pages, dropped: [...droppedBefore, ...tail.dropped] },
  };
}

async function rebuild(
  builder: Builder,
  all: readonly Stretch[],
  { rebuilt }: MergePlan,
  plannedOf: PlannedOf,
): Promise<readonly Stretch[]> {
  const next = new Map(all.entries());
  for (const { segments } of rebuilt) {
    const group = segments.flatMap((at) => all[at] ?? []);
    const last = group.at(-1);
    if (last === undefined) throw new Error('a merge names no segment');
    const { together, pages, droppedBefore } = await joined(group, plannedOf);
    const segment = reduced(last, (await plannedOf(last)).at(-1)?.place);
    const built = await buildSegment(builder, segment, together);
    for (const at of segments) next.delete(at);
    const dropped = [...droppedBefore, ...built.dropped];
    next.set(segments.at(-1) ?? 0, { segment, pages, built: { ...built, dropped } });
  }
  return [...next].toSorted(([one], [other]) => one - other).map(([, stretch]) => stretch);
}

/** Neighbours as one: the entries that are in them, each with what it was packed to before. */
async function joined(group: readonly Stretch[], plannedOf: PlannedOf) {
  const together: EntryToWrite[] = [];
  for (const stretch of group) together.push(...again(stretch, await plannedOf(stretch)));
  return {
    together,
    pages: group.flatMap(({ pages }) => pages),
    droppedBefore: group.flatMap(({ built }) => built.dropped),
  };
}

function again({ built }: Stretch, planned: readonly PlannedEntry[]): readonly EntryToWrite[] {
  const packed = new Map(built.entries.map(({ place, packedBytes }) => [place, packedBytes]));
  return planned.flatMap((entry) => {
    const packedHint = packed.get(entry.place);
    return packedHint === undefined ? [] : { ...entry, packedHint };
  });
}

/** The last segment of a group: a run where its large entry, the last that was planned, dropped out. */
function reduced({ segment, built }: Stretch, lastPlanned: number | undefined): ZipSegment {
  if (segment.kind === 'run' || lastPlanned === built.entries.at(-1)?.place) return segment;
  const { firstPart, from, to } = segment;
  return { kind: 'run', firstPart, parts: 1, from, to };
}
