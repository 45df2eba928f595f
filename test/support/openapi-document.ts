/** The API's own description of itself, as a test reads it, and a judge over answers that knows nothing else. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { RawAnswer } from './raw-request.js';

/** What of JSON Schema the document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

export interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly schema: Schema;
}

interface Described {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Described;
  readonly responses: Readonly<Record<string, Described>>;
}

export interface ApiDocument {
  readonly components: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'method' | 'path'>>>>>;
}

export const operationsOf = ({ paths }: ApiDocument): readonly Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  );

/** Whether a value is what a schema of the document asks for. */
export type Judge = (schema: Schema, value: unknown) => string | null;

export function judgeOf({ components }: ApiDocument): Judge {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    formats: { 'date-time': true, uuid: true, binary: true },
  });
  ajv.addSchema({ $id: 'document', components });
  const compiled = new Map<Schema, ReturnType<typeof ajv.compile>>();
  return (schema, value) => {
    // Compiled as text, so that the document's own addresses point into the document.
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object;
    const check = compiled.get(schema) ?? ajv.compile(absolute);
    compiled.set(schema, check);
    return check(value) ? null : ajv.errorsText(check.errors);
  };
}

/** What is wrong with an answer, by the document; empty where nothing is. */
export function mistakesIn(operation: Operation, answer: RawAnswer, judge: Judge): readonly string[] {
  const described = operation.responses[answer.status];
  if (described === undefined) return [`the status ${answer.status} is not documented`];
  return [
    ...headerMistakes(described, answer),
    ...(operation.method === 'HEAD' ? [] : contentMistakes(described, answer, judge)),
    ...envelopeMistakes(answer),
  ];
}

const headerMistakes = ({ headers = {} }: Described, answer: RawAnswer): readonly string[] =>
  Object.keys(headers)
    .filter((name) => answer.headers[name.toLowerCase()] === undefined)
    .map((name) => `the documented header ${name} is missing`);

function contentMistakes({ content = {} }: Described, answer: RawAnswer, judge: Judge): readonly string[] {
  const type = answer.headers['content-type']?.split(';', 1)[0];
  if (type === undefined)
    return Object.keys(content).length === 0 && answer.body.length === 0 ? [] : ['there is no content type'];
  const schema = content[type]?.schema;
  if (schema === undefined) return [`the content type ${type} is not documented`];
  if (!type.endsWith('json')) return sizeMistakes(answer);
  const found = judge(schema, JSON.parse(answer.body.toString()));
  return found === null ? [] : [`the body is not as documented: ${found}`];
}

/** Of answers that were read to their end. */
function sizeMistakes({ headers, body, isWhole }: RawAnswer): readonly string[] {
  const said = headers['content-length'];
  return !isWhole || said === undefined || Number(said) === body.length ? [] : ['the length is another'];
}

/** What every answer has, whatever it is. */
function envelopeMistakes({ status, headers, body }: RawAnswer): readonly string[] {
  const missing = [
    'x-request-id',
    'x-content-type-options',
    'content-security-policy',
    'cache-control',
  ].filter((name) => headers[name] === undefined);
  const isProblem = headers['content-type']?.startsWith('application/problem+json') === true;
  const problem = (isProblem && body.length > 0 ? JSON.parse(body.toString()) : { status }) as {
    readonly status: number;
    readonly instance?: string;
  };
  const id = problem.instance ?? headers['x-request-id'];
  return [
    ...missing.map((name) => `the header ${name} is missing`),
    ...(problem.status === status ? [] : [`the problem says ${problem.status}`]),
    ...(id === headers['x-request-id'] ? [] : ['the problem is that of another request']),
  ];
}
