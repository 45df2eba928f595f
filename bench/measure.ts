/** Rounds in which all ways take turns, so that what else the machine does meets each of them alike. */

/** A way of doing the same work; resolves with the seconds it took. */
export interface Way {
  readonly name: string;
  readonly run: () => Promise<number>;
}

export type Say = (line: string) => void;

/** Seconds of each way in each round. */
export async function takeTurns(
  what: string,
  ways: readonly Way[],
  rounds: number,
  say: Say,
): Promise<readonly (readonly number[])[]> {
  const seconds: number[][] = ways.map(() => []);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [at, { run }] of ways.entries()) seconds[at]?.push(await run());
    const told = ways.map(({ name }, at) => `${name} ${inTime(seconds[at]?.at(-1))}`).join(', ');
    say(`${what}, round ${round}: ${told}`);
  }
  return seconds;
}

export const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;

/** How many times as fast as another way: the median of the rounds' ratios. */
export const timesAsFast = (ours: readonly number[], theirs: readonly number[]): string =>
  `${median(theirs.map((time, round) => time / (ours[round] ?? NaN))).toFixed(1)}x`;

export const inTime = (seconds = NaN): string =>
  seconds < 1 ? `${(seconds * 1000).toFixed(1)} ms` : `${seconds.toFixed(2)} s`;

export const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  ['', ...[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`), ''].join('\n');
