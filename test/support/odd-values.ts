/** What clients should not send and do: values for fast-check, from a schema and against it. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Schema } from './openapi-document.js';

/** Values that a schema must know by name to be of use: ids of things that exist. */
export type Known = Readonly<Record<string, Arbitrary<unknown>>>;

/** Values that satisfy a schema; those of a property with a known name are also taken from there. */
export function fromSchema(schema: Schema, known: Known = {}): Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => fromSchema(one, known)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  return fc.oneof(...[schema.type ?? 'string'].flat().map((type) => ofType(type, schema, known)));
}

function ofType(type: string, schema: Schema, known: Known): Arbitrary<unknown> {
  switch (type) {
    case 'object':
      return objectOf(schema, known);
    case 'array':
      return fc.array(fromSchema(schema.items ?? {}, known), {
        minLength: schema.minItems ?? 0,
        maxLength: 8,
      });
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer();
    case 'null':
      return fc.constant(null);
    default:
      return textOf(schema);
  }
}

const textOf = ({ pattern, minLength = 0 }: Schema): Arbitrary<string> =>
  pattern === undefined
    ? fc.string({ unit: 'binary', minLength, maxLength: 40 })
    : fc.stringMatching(new RegExp(pattern));

function objectOf({ properties = {}, required = [] }: Schema, known: Known): Arbitrary<unknown> {
  const values = Object.entries(properties).map(([name, schema]) => {
    const made = fromSchema(schema, known);
    const found = known[name];
    return [name, found === undefined ? made : fc.oneof({ weight: 3, arbitrary: found }, made)] as const;
  });
  return fc.record(Object.fromEntries(values), { requiredKeys: [...required] });
}

const ODD_TEXTS = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e\u0301',
  '𝓤𝓷𝓲',
  '../../etc/passwd',
  '$(id)',
  "' OR 1=1 --",
  '{"$gt":""}',
  '__proto__',
  'x'.repeat(30_000),
];

const nested = (depth: number): unknown => {
  let value: unknown = 0;
  for (let at = 0; at < depth; at += 1) value = at % 2 === 0 ? [value] : { a: value };
  return value;
};

const ODD_VALUES: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 1e308, [], {}, [null], { $gt: '' }, nested(500)),
  fc.constantFrom<unknown>(...ODD_TEXTS),
  fc.jsonValue({ maxDepth: 3 }),
);

const ODD_KEYS = fc.constantFrom('', 'attachment_id', 'constructor', 'toString', '$where', 'a/b~c', '\u0000');

/** A value with one place of it replaced, removed or added to. */
export const spoiled = (value: Arbitrary<unknown>): Arbitrary<unknown> =>
  fc
    .tuple(value, ODD_VALUES, ODD_KEYS, fc.nat())
    .map(([good, odd, key, turn]) => spoil(good, odd, key, turn));

function spoil(good: unknown, odd: unknown, key: string, turn: number): unknown {
  const inner = Math.floor(turn / 4);
  if (typeof good !== 'object' || good === null || turn % 4 === 0) return odd;
  if (Array.isArray(good)) {
    const items = good as readonly unknown[];
    if (turn % 4 === 1 || items.length === 0) return [...items, odd];
    return items.with(inner % items.length, spoil(items[inner % items.length], odd, key, inner));
  }
  const entries = Object.entries(good);
  const [name = '', value] = entries[inner % Math.max(1, entries.length)] ?? [];
  if (turn % 4 === 1) return { ...good, [key]: odd };
  if (turn % 4 === 2) return Object.fromEntries(entries.filter(([own]) => own !== name));
  return { ...good, [name]: spoil(value, odd, key, inner) };
}

/** Bodies that are no JSON, or too much of it. */
export const ODD_BODIES: Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom('', '{', '{"a":}', '[1,]', 'null', '\ufeff{}', "{'a':1}", 'NaN')
    .map((text) => Buffer.from(text)),
  fc
    .constantFrom('{"__proto__":{"a":1}}', '{"constructor":{"prototype":{"a":1}}}')
    .map((text) => Buffer.from(text)),
  fc.constant(Buffer.from('['.repeat(30_000))),
  fc.constant(Buffer.from(JSON.stringify({ raw_file_ids: 'x'.repeat(70_000) }))),
);

export const ODD_TYPES = fc.constantFrom(
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'application/json, text/plain',
  'json',
  '/',
  ';',
  'application/json;;;=',
);

/** Parts of an address, as they go out. */
export const ODD_SEGMENTS: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '%00',
    '%2e%2e',
    '..',
    '.',
    '%2F',
    '%zz',
    '%',
    '%ff',
    '%F0%9F%98%80',
    '*',
    ':id',
    '%20',
    ';',
    '@',
  ),
  fc.constantFrom('', 'x'.repeat(100), 'x'.repeat(101), 'x'.repeat(5000), '%41'.repeat(40), '%23', '%3F'),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => encodeURIComponent(text)),
);

const headerText = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 30,
  })
  .filter((text) => !text.includes('\u007f'));

const orOdd = (...values: readonly string[]): Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, headerText);

/** Headers that mean something to this API, to HTTP, or to a proxy. */
export const ODD_HEADERS: Arbitrary<Readonly<Record<string, string>>> = fc.record(
  {
    range: orOdd(
      'bytes=0-0',
      'bytes=-5',
      'bytes=5-',
      'bytes=9-2',
      'bytes=-0',
      'items=0-1',
      'bytes=0-1,3-4',
      'bytes=99999999999999999999-',
      'bytes=0-99999999999999999999',
      'bytes=',
    ),
    'if-range': orOdd('"x"', 'W/"x"', 'Wed, 21 Oct 2015 07:28:00 GMT'),
    'if-none-match': orOdd('*', '"x"'),
    prefer: orOdd('respond-async', 'wait=0', 'wait=1', 'respond-async; wait=999999999', 'wait="'),
    'idempotency-key': orOdd('one', 'two', 'x'.repeat(255), 'x'.repeat(256), "a' OR 'a", 'é'),
    'last-event-id': orOdd('end', '0', '1'),
    accept: orOdd(
      '*/*',
      'application/json',
      'application/zip',
      'text/event-stream',
      'text/plain',
      'text/html',
      'a/b;q=',
      '*/*;q=0',
      ',',
    ),
    'x-request-id': orOdd('mine', 'x'.repeat(500)),
    cookie: orOdd('access_token=x; csrf_token=y', '=;=', 'a'.repeat(4000)),
    'accept-encoding': orOdd('gzip', 'identity;q=0'),
    'content-encoding': orOdd('gzip', 'br'),
    'x-http-method-override': orOdd('DELETE'),
    origin: orOdd('null', 'https://elsewhere.example.org'),
  },
  { requiredKeys: [] },
);
