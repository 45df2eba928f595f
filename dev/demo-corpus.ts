/** What the demo restores: a little of everything that happens in a laboratory, good and bad, with the endings it expects. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MEBIBYTE } from '../core/units.js';
import { bucketOf, noise } from './corpus.js';
import type { Corpus } from './corpus.js';

export const DEMO_IDS = [
  '20250115_demo.raw',
  '20250116_demo.d',
  '20250117_demo.raw',
  '20250118_corrupted.raw',
  '20250119_incomplete.d',
  '20250120_unknown',
] as const;

const CHUNK_MB = 50;
const FRAMES = 240;
const [PROJECT, OTHER_PROJECT] = ['PRID001', 'PRID002'];

/** One 150 MB raw file in three parts, a `.d` folder of hundreds of files, and two damaged neighbours in a second project. */
export async function makeDemoCorpus(corpus: Corpus): Promise<void> {
  const frames = Array.from({ length: FRAMES }, (_, at): [string, Uint8Array] => [
    frame(at),
    noise(2000 + ((at * 7919) % 90_000), `frame ${at}`),
  ]);
  const bundles = [
    { id: DEMO_IDS[0], project: PROJECT, files: { '20250115_demo.raw': noise(150 * MEBIBYTE, 'thermo') } },
    {
      id: DEMO_IDS[1],
      project: PROJECT,
      files: {
        '20250116_demo.d/analysis.tdf': noise(3 * MEBIBYTE, 'tdf'),
        '20250116_demo.d/analysis.tdf_bin': noise(24 * MEBIBYTE, 'tdf_bin'),
        '20250116_demo.d/analysis.content': new Uint8Array(0),
        ...Object.fromEntries(frames),
      },
    },
    {
      id: DEMO_IDS[2],
      project: OTHER_PROJECT,
      files: { '20250117_demo.raw': noise(20 * MEBIBYTE, 'other') },
    },
    {
      id: DEMO_IDS[3],
      project: OTHER_PROJECT,
      files: { '20250118_corrupted.raw': noise(5 * MEBIBYTE, 'fine') },
    },
    {
      id: DEMO_IDS[4],
      project: OTHER_PROJECT,
      files: {
        '20250119_incomplete.d/here.bin': noise(70_000, 'here'),
        '20250119_incomplete.d/gone.bin': noise(9000, 'gone'),
      },
    },
  ];
  for (const { id, project = '', files } of bundles)
    await corpus.add({ id, project, files, chunkMb: CHUNK_MB });
  await corpus.put(
    bucketOf(OTHER_PROJECT ?? ''),
    '20250118_corrupted.raw',
    noise(5 * MEBIBYTE, 'something else'),
  );
  await corpus.remove(bucketOf(OTHER_PROJECT ?? ''), '20250119_incomplete.d/gone.bin');
}

const frame = (at: number): string => `20250116_demo.d/frames/frame_${String(at).padStart(4, '0')}.bin`;

/** Empties the output folder, then puts one right file into it, and one wrong one. */
export async function makeDemoOutput(output: string): Promise<void> {
  await rm(output, { recursive: true, force: true });
  const place = async (file: string, bytes: Uint8Array): Promise<void> => {
    const path = join(output, PROJECT ?? '', file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  };
  await place(frame(0), noise(2000, 'frame 0'));
  await place('20250116_demo.d/analysis.tdf', noise(3 * MEBIBYTE, 'bit rot'));
}

/** What must come out: counts, and the lines that are not "Downloaded and verified". */
export const DEMO_EXPECTED = {
  files: 1 + 3 + FRAMES + 1 + 1 + 2,
  lines: [
    [frame(0), 'OK - Skipped (already exists)'],
    ['20250116_demo.d/analysis.tdf', 'OK - Self-healed (hash mismatch detected, re-downloaded)'],
    ['20250118_corrupted.raw', 'FAILURE - S3 corruption detected (etag mismatch)'],
    ['20250119_incomplete.d/gone.bin', 'FAILURE - S3 file not found'],
  ],
  errors: [['20250120_unknown', 'RawFile not found in DB']],
} as const;
