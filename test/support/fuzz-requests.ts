/** Requests for fast-check, by the document of the API: as it wants them, and as it does not. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { ODD_BODIES, ODD_HEADERS, ODD_SEGMENTS, ODD_TYPES, fromSchema, spoiled } from './odd-values.js';
import type { Known } from './odd-values.js';
import type { Operation } from './openapi-document.js';
import type { RawRequest } from './raw-request.js';

/** What a generator must know of the API that it asks. */
export interface World {
  readonly known: Known;
  /** Values of Authorization: of a user who may everything, of none at all, and of other users. */
  readonly good: string;
  readonly refused: readonly string[];
  readonly strangers: readonly string[];
}

const isHeaderText = (text: unknown): boolean => /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(String(text));

type Parameters = Readonly<Record<string, string>>;

/** The parameters of an operation at one place; path parameters are always there. */
function parametersOf(operation: Operation, place: string, known: Known): Arbitrary<Parameters> {
  const found = (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  const values = found.map(({ name, schema }) => {
    const made = fromSchema(schema).map(String);
    const value = known[name] === undefined ? made : fc.oneof({ weight: 3, arbitrary: known[name] }, made);
    return [name, place === 'header' ? value.filter(isHeaderText) : value] as const;
  });
  const all = Object.fromEntries(values) as Record<string, Arbitrary<string>>;
  return (place === 'path' ? fc.record(all) : fc.record(all, { requiredKeys: [] })) as Arbitrary<Parameters>;
}

/** A path of the document with its parameters. */
export const addressOf = (path: string, segments: Readonly<Record<string, string>>): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segments[name] ?? '');

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** What a body must be; undefined where there is none. */
export const bodySchema = ({ requestBody }: Operation) => requestBody?.content?.['application/json']?.schema;

/** As the document wants them. */
export function goodRequests(operation: Operation, { known, good }: World): Arbitrary<RawRequest> {
  const schema = bodySchema(operation);
  return fc.record({
    method: fc.constant(operation.method),
    path: parametersOf(operation, 'path', known).map((segments) =>
      addressOf(operation.path, mapValues(segments, encodeURIComponent)),
    ),
    headers: parametersOf(operation, 'header', known).map((headers) => ({
      ...headers,
      authorization: good,
      ...(schema === undefined ? {} : { 'content-type': 'application/json' }),
    })),
    body: schema === undefined ? fc.constant(null) : fromSchema(schema, known).map(json),
  });
}

const mapValues = (
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

/** As the document wants them but for one thing or several. */
export function badRequests(operation: Operation, world: World): Arbitrary<RawRequest> {
  const schema = bodySchema(operation);
  const spoiledBody = spoiled(schema === undefined ? fc.constant({}) : fromSchema(schema, world.known)).map(
    json,
  );
  const oddly = fc.record(
    {
      segment: ODD_SEGMENTS,
      headers: ODD_HEADERS,
      type: ODD_TYPES,
      authorization: fc.constantFrom(...world.refused, ...world.strangers),
      body: fc.oneof({ weight: 3, arbitrary: spoiledBody }, ODD_BODIES),
      query: fc.constantFrom('?', '?id=x', '?access_token=x&a[]=1', '?%00', '?=&=', '#x'),
    },
    { requiredKeys: [] },
  );
  return fc
    .tuple(goodRequests(operation, world), oddly)
    .map(([request, odd]) => spoil(operation, request, odd));
}

interface Oddities {
  readonly segment?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly authorization?: string;
  readonly body?: Buffer;
  readonly query?: string;
}

function spoil({ path, method }: Operation, request: RawRequest, odd: Oddities): RawRequest {
  const address =
    odd.segment === undefined ? request.path : path.replaceAll(/\{\w+\}/g, () => odd.segment ?? '');
  // Bodies of GET and HEAD mean nothing to HTTP, and Node's own client does not say how long they are.
  const body = ['GET', 'HEAD'].includes(method) ? null : (odd.body ?? request.body);
  return {
    method,
    path: address + (odd.query ?? ''),
    body,
    headers: {
      ...request.headers,
      ...odd.headers,
      ...(odd.authorization === undefined ? {} : { authorization: odd.authorization }),
      ...(odd.type === undefined ? {} : { 'content-type': odd.type }),
    },
  };
}
