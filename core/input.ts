/** What a caller may ask for. The one place where the shape of an input is decided; not for workflows (zod is large). */
import { z } from 'zod';

export interface RestoreInput {
  readonly rawFileIds: readonly string[];
  readonly files: readonly string[];
  readonly dryRun: boolean;
  readonly verifyOnly: boolean;
}

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

const MIN_ID_CHARACTERS = 3;

const IDS_EXPECTED =
  'expected raw file ids as a text such as "20250115_sample, 20250116_sample" or a list of texts, at least 3 characters in all';

/** The workflow's input as an object; the HTTP API describes and checks its body with it. */
export const restoreObject = z.strictObject({
  raw_file_ids: z
    .union([z.string().meta({ minLength: MIN_ID_CHARACTERS }), z.array(z.string()).meta({ minItems: 1 })], {
      error: IDS_EXPECTED,
    })
    .describe('Ids, separated by commas or line breaks, or a list of them: at least 3 characters in all'),
  files: z
    .array(z.string().min(1, 'expected a glob such as "*.raw"'), {
      error: 'expected a list of globs such as ["*.raw"]',
    })
    .optional(),
  dry_run: z.boolean({ error: 'expected true or false' }).optional(),
  verify_only: z.boolean({ error: 'expected true or false' }).optional(),
});

/**
 * Reads the arguments of the workflow `restore`: one JSON string or one JSON object (CONTRACT §1).
 * @returns the input, or a message that names the field and what is expected.
 */
export function parseRestoreInput(args: readonly unknown[]): Parsed<RestoreInput> {
  const [input] = args;
  if (args.length > 1)
    return refuse(`expected one argument, found ${args.length}; put all ids into one text or object`);
  if (input === undefined || input === null) return refuse(`raw_file_ids: ${IDS_EXPECTED}; found no input`);
  if (typeof input === 'string') return fromObject({ raw_file_ids: input });
  if (typeof input !== 'object' || Array.isArray(input))
    return refuse(
      `input: expected a text of raw file ids or an object { "raw_file_ids": … }; found ${kindOf(input)}`,
    );
  return fromObject(input);
}

function fromObject(input: object): Parsed<RestoreInput> {
  const parsed = restoreObject.safeParse(input);
  if (!parsed.success) return refuse(parsed.error.issues.map(issueText).join('; '));
  const { raw_file_ids, files = [], dry_run = false, verify_only = false } = parsed.data;
  const rawFileIds = splitIds(raw_file_ids);
  const found = rawFileIds.join(',');
  if (found.length < MIN_ID_CHARACTERS)
    return refuse(`raw_file_ids: ${IDS_EXPECTED}; found ${JSON.stringify(found)}`);
  return { ok: true, value: { rawFileIds, files, dryRun: dry_run, verifyOnly: verify_only } };
}

/** Ids split on commas and line breaks, trimmed, paths cut to their last component, duplicates dropped, order kept. */
export function splitIds(text: string | readonly string[]): readonly string[] {
  const pieces = [text].flat().flatMap((piece) => piece.split(/[,\r\n]/));
  return [...new Set(pieces.map(lastComponent).filter((id) => id !== ''))];
}

const lastComponent = (piece: string): string =>
  piece.trim().replace(/\/+$/, '').split('/').at(-1)?.trim() ?? '';

const refuse = (message: string): { readonly ok: false; readonly message: string } => ({
  ok: false,
  message,
});

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'a list' : `a ${typeof value}`);

const KNOWN = Object.keys(restoreObject.shape).join(', ');

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `${issue.keys.join(', ')}: unknown property; expected only ${KNOWN}`;
  return `${issue.path.map(String).join('.')}: ${issue.message}`;
}
