/** The words after `stowage worker`, `api`, `doctor` and `dev`. */
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import type { Parsed } from '../core/input.js';

type Options = NonNullable<ParseArgsConfig['options']>;

interface Asked<T extends Options> {
  readonly args: string[];
  readonly options: T;
}

/** The values of the options, or one sentence on what is wrong. */
export function readArguments<const T extends Options>(
  program: string,
  argv: readonly string[],
  options: T,
): Parsed<ReturnType<typeof parseArgs<Asked<T>>>['values']> {
  try {
    return { ok: true, value: parseArgs({ args: [...argv], options }).values };
  } catch (error) {
    // Node adds how to write a positional argument; none of these programs takes one.
    const [sentence = ''] = (error as Error).message.split('. ');
    return { ok: false, message: `${sentence}; see: ${program} --help` };
  }
}
