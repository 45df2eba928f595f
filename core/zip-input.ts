/**
 * What a caller of the bulk ZIP may ask for (CONTRACT §2); not for workflows (zod is large). Messages name the field and what is
 * expected, and never repeat a value: it could be a file name.
 */
import { z } from 'zod';
import type { Parsed } from './input.js';
import { utf8Bytes } from './paths.js';
import type { OnError, ZipTarget } from './zip-contract.js';
import { ZIP_INPUT_LIMITS, type WantedObject, type ZipInput, type ZipInputLimits } from './zip-request.js';

/** S3's limit for keys; names get the same. */
const MAX_KEY_BYTES = 1024;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;

/** An object that says by name which of its properties are unknown. */
const strict = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown property ${issue.keys.join(', ')}; expected only ${Object.keys(shape).join(', ')}`
        : `expected an object { ${Object.keys(shape).join(', ')} }`,
  });

const uuid = z
  .string({ error: 'expected a UUID' })
  .regex(UUID, 'expected a UUID')
  .transform((text) => text.toLowerCase());

const USER_EXPECTED = "expected the user's id, 1 to 200 characters";
const user = z.string({ error: USER_EXPECTED }).regex(/^[^\p{Cc}]{1,200}$/u, USER_EXPECTED);

const URI_EXPECTED = 'expected an object as s3://bucket/key';
const objectUri = z.string({ error: URI_EXPECTED }).transform(s3Uri(URI_EXPECTED, (key) => key !== ''));

const OUTPUT_EXPECTED = 'expected where the ZIP goes as s3://bucket/path/name.zip';
const outputUri = z
  .string({ error: OUTPUT_EXPECTED })
  .transform(s3Uri(OUTPUT_EXPECTED, (key) => key !== '' && !key.endsWith('/')));

const PREFIX_EXPECTED = 'expected a prefix as s3://bucket/prefix/';
const prefixUri = z.string({ error: PREFIX_EXPECTED }).transform(s3Uri(PREFIX_EXPECTED, () => true));

const NAME_EXPECTED = `expected a name in the ZIP, 1 to ${MAX_KEY_BYTES} bytes`;
const entryName = z
  .string({ error: NAME_EXPECTED })
  .refine((name) => name !== '' && utf8Bytes(name) <= MAX_KEY_BYTES, NAME_EXPECTED);

/** A key is opaque: nothing in it is normalised. */
function s3Uri(expected: string, accepts: (key: string) => boolean) {
  return (text: string, context: z.core.$RefinementCtx<string>): ZipTarget => {
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]*)(?:\/(.*))?$/s.exec(text) ?? [];
    if (BUCKET.test(bucket) && accepts(key) && utf8Bytes(key) <= MAX_KEY_BYTES) return { bucket, key };
    context.addIssue({ code: 'custom', message: expected, input: text });
    return z.NEVER;
  };
}

const listOf = <Item extends z.ZodType>(item: Item, max: number, what: string) => {
  const expected = `expected a list of 1 to ${max} ${what}`;
  return z.array(item, { error: expected }).min(1, expected).max(max, expected);
};

const choices = {
  on_error: z.enum(['fail', 'skip'], { error: 'expected "fail" or "skip"' }).optional(),
  compression: z.enum(['store', 'deflate'], { error: 'expected "store" or "deflate"' }).optional(),
};

type Choices = z.infer<z.ZodObject<typeof choices>>;

const chosen = ({ on_error, compression }: Choices, defaultOnError: OnError) => ({
  onError: on_error ?? defaultOnError,
  compression: compression ?? 'store',
});

const attachmentsForm = (max: number) =>
  strict({
    attachments: strict({
      workspace_id: uuid,
      client_id: uuid,
      attachment_ids: listOf(uuid, max, 'UUIDs'),
      requested_by: user,
    }),
    ...choices,
  }).transform(({ attachments, ...rest }): ZipInput => ({
    kind: 'attachments',
    workspaceId: attachments.workspace_id,
    clientId: attachments.client_id,
    attachmentIds: [...new Set(attachments.attachment_ids)],
    requestedBy: attachments.requested_by,
    ...chosen(rest, 'fail'),
  }));

const objectsForm = (max: number) =>
  strict({
    objects: listOf(strict({ uri: objectUri, name: entryName.optional() }), max, 'objects'),
    output: outputUri,
    ...choices,
  })
    .transform(({ objects, output, ...rest }) => ({
      kind: 'objects' as const,
      objects: withoutDuplicates(
        objects.map(({ uri, name }) => ({ ...uri, name: name ?? lastComponent(uri.key) })),
      ),
      output,
      ...chosen(rest, 'skip'),
    }))
    .refine(({ objects, output }) => !objects.some((object) => isSame(object, output)), {
      path: ['output'],
      message: 'expected another place than that of an object in the ZIP',
    });

const prefixForm = strict({ prefix: prefixUri, output: outputUri, ...choices }).transform(
  ({ prefix: { bucket, key }, output, ...rest }): ZipInput => ({
    kind: 'prefix',
    bucket,
    prefix: key === '' || key.endsWith('/') ? key : `${key}/`,
    output,
    ...chosen(rest, 'skip'),
  }),
);

const isSame = (one: ZipTarget, other: ZipTarget): boolean =>
  one.bucket === other.bucket && one.key === other.key;

const lastComponent = (key: string): string => key.replace(/\/+$/, '').split('/').at(-1) ?? key;

/** The same object under two names is two entries. */
const withoutDuplicates = (objects: readonly WantedObject[]): readonly WantedObject[] => [
  ...new Map(
    objects.map((object) => [JSON.stringify([object.bucket, object.key, object.name]), object]),
  ).values(),
];

const SOURCES = ['attachments', 'objects', 'prefix'] as const;
const MAX_ISSUES = 10;

/**
 * Reads the arguments of the workflow `bulkZip`: one JSON object with one source.
 * @returns the input, or a message that names the fields and what is expected.
 */
export function parseZipInput(
  args: readonly unknown[],
  limits: ZipInputLimits = ZIP_INPUT_LIMITS,
): Parsed<ZipInput> {
  const [input] = args;
  if (args.length !== 1) return refuse(`expected one argument, found ${args.length}`);
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return refuse(`input: expected an object with one of ${SOURCES.join(', ')}`);
  const found = SOURCES.filter((name) => name in input);
  const [source] = found;
  if (source === undefined || found.length > 1)
    return refuse(`input: expected exactly one of ${SOURCES.join(', ')}; found ${found.length}`);
  const forms = {
    attachments: attachmentsForm(limits.maxAttachments),
    objects: objectsForm(limits.maxObjects),
    prefix: prefixForm,
  };
  const parsed = forms[source].safeParse(input);
  if (parsed.success) return { ok: true, value: parsed.data };
  return refuse(parsed.error.issues.slice(0, MAX_ISSUES).map(issueText).join('; '));
}

const refuse = (message: string) => ({ ok: false as const, message });

const issueText = ({ path, message }: z.core.$ZodIssue): string =>
  `${path.length === 0 ? 'input' : path.map(String).join('.')}: ${message}`;
