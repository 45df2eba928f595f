/** What oxlint must refuse, each with the words that the person who wrote it reads. */
export interface LintPlant {
  readonly what: string;
  readonly file: string;
  readonly text: string;
  readonly rule: string;
  /** Part of the message or its help. */
  readonly says: string;
}

const imports = (from: string): string => `import * as all from '${from}';\nexport const used = all;\n`;

/** A plant of `no-restricted-imports`: a file that imports what its folder may not. */
const restricted = (file: string, from: string, says: string): LintPlant => ({
  what: `${from} in ${file}`,
  file,
  text: imports(from),
  rule: 'no-restricted-imports',
  says,
});

const lines = (count: number, line: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => line(at)).join('\n');

const STORES_ONLY = 'Only activities/stores/* speak to S3 and MongoDB';

const RESTRICTED_IMPORTS: readonly LintPlant[] = [
  restricted('core/packages.ts', 'picocolors', 'core is pure'),
  restricted('core/zod-elsewhere.ts', 'zod', 'core is pure'),
  restricted('core/input.ts', 'yaml', 'zod is the only package'),
  restricted('core/zip-input.ts', 'yaml', 'zod is the only package'),
  restricted('core/settings.ts', 'node:fs', 'zod is the only package'),
  restricted('workflows/zod.ts', 'zod', 'zod would add 1 MB'),
  restricted('workflows/input.ts', '../core/input.js', 'zod would add 1 MB'),
  restricted('workflows/zip-input.ts', '../core/zip-input.js', 'zod would add 1 MB'),
  restricted('workflows/settings.ts', '../core/settings.js', 'zod would add 1 MB'),
  restricted('workflows/node.ts', 'node:fs', 'has no Node'),
  restricted('workflows/client.ts', '@temporalio/client', '@temporalio/workflow only'),
  restricted('workflows/worker.ts', '@temporalio/worker', '@temporalio/workflow only'),
  restricted('workflows/activity.ts', '@temporalio/activity', '@temporalio/workflow only'),
  restricted('activities/mongo.ts', 'mongodb', STORES_ONLY),
  restricted('activities/s3.ts', '@aws-sdk/client-s3', STORES_ONLY),
  restricted('activities/smithy.ts', '@smithy/node-http-handler', STORES_ONLY),
  restricted('activities/client.ts', '@temporalio/client', 'does not start, run or steer jobs'),
  restricted('activities/stores/temporal.ts', '@temporalio/activity', 'usable without Temporal'),
  restricted('worker/mongo.ts', 'mongodb', STORES_ONLY),
  restricted('worker/s3.ts', '@aws-sdk/client-s3', STORES_ONLY),
  restricted('worker/workflow.ts', '@temporalio/workflow', 'sandbox only'),
  restricted('worker/workflow-code.ts', '../workflows/thing.js', 'sandbox only'),
  restricted('worker/client.ts', '../client/thing.js', 'Only worker/api.ts puts the HTTP API together'),
  restricted('client/s3.ts', '@aws-sdk/client-s3', STORES_ONLY),
  restricted('client/mongo.ts', 'mongodb', STORES_ONLY),
  restricted(
    'client/temporal.ts',
    '@temporalio/client',
    'Only client/jobs.ts, endings.ts, connect.ts and temporal-problems.ts speak Temporal',
  ),
  restricted('client/jobs.ts', '@temporalio/worker', 'runs none of their code'),
  restricted('client/endings.ts', '@temporalio/worker', 'runs none of their code'),
  restricted('client/connect.ts', 'mongodb', STORES_ONLY),
];

const PURITY: readonly LintPlant[] = [
  {
    what: 'the clock in core',
    file: 'core/clock.ts',
    text: 'export const now = (): number => Date.now();\n',
    rule: 'no-restricted-globals',
    says: 'core has no clock',
  },
  {
    what: 'dice in core',
    file: 'core/dice.ts',
    text: 'export const dice = (): number => Math.random();\n',
    rule: 'no-restricted-properties',
    says: 'core has no dice',
  },
  {
    what: 'the environment in activities',
    file: 'activities/environment.ts',
    text: `export const level = process.env['LOG_LEVEL'];\n`,
    rule: 'no-restricted-properties',
    says: 'Settings reach an activity through its dependencies',
  },
  {
    what: 'console in activities',
    file: 'activities/console.ts',
    text: `console.log('seen by nobody');\n`,
    rule: 'no-console',
    says: 'console',
  },
  {
    what: 'console in a worker file besides main.ts',
    file: 'worker/console.ts',
    text: `console.log('seen by nobody');\n`,
    rule: 'no-console',
    says: 'console',
  },
];

const HABITS: readonly LintPlant[] = [
  {
    what: 'a default export',
    file: 'activities/default.ts',
    text: 'const one = 1;\nexport default one;\n',
    rule: 'no-default-export',
    says: 'named export',
  },
  {
    what: 'an import cycle',
    file: 'activities/cycle-a.ts',
    text: `import { b } from './cycle-b.js';\nexport const a = (): number => b();\n`,
    rule: 'no-cycle',
    says: 'cycle',
  },
  {
    what: 'the other half of the cycle',
    file: 'activities/cycle-b.ts',
    text: `import { a } from './cycle-a.js';\nexport const b = (): number => a();\n`,
    rule: 'no-cycle',
    says: 'cycle',
  },
  {
    what: 'any',
    file: 'activities/any.ts',
    text: 'export const id = (value: any): unknown => value;\n',
    rule: 'no-explicit-any',
    says: 'any',
  },
  {
    what: 'a promise that nobody awaits',
    file: 'activities/floating.ts',
    text: 'const work = async (): Promise<void> => undefined;\nexport function start(): void {\n  work();\n}\n',
    rule: 'no-floating-promises',
    says: 'Promise',
  },
  {
    what: 'a promise as a condition',
    file: 'activities/misused.ts',
    text: 'const ask = async (): Promise<boolean> => false;\nexport const answer = (): number => (ask() ? 1 : 2);\n',
    rule: 'no-misused-promises',
    says: 'conditional',
  },
  {
    what: 'a promise spread',
    file: 'activities/spread.ts',
    text: 'const ask = async (): Promise<object> => ({});\nexport const copy = (): object => ({ ...ask() });\n',
    rule: 'no-misused-spread',
    says: 'Promise',
  },
  {
    what: 'a text thrown',
    file: 'activities/throws.ts',
    text: `export function fail(): never {\n  throw 'a text';\n}\n`,
    rule: 'only-throw-error',
    says: 'error object',
  },
  {
    what: 'a switch that misses a case',
    file: 'activities/switch.ts',
    text: `export function name(kind: 'a' | 'b'): string {\n  switch (kind) {\n    case 'a':\n      return 'A';\n  }\n  return '';\n}\n`,
    rule: 'switch-exhaustiveness-check',
    says: 'exhaustive',
  },
  {
    what: 'a type imported as a value',
    file: 'activities/types.ts',
    text: `import { Readable } from 'node:stream';\nexport type Body = Readable;\n`,
    rule: 'consistent-type-imports',
    says: 'type',
  },
  {
    what: '== instead of ===',
    file: 'activities/equal.ts',
    text: 'export const same = (a: unknown, b: unknown): boolean => a == b;\n',
    rule: 'eqeqeq',
    says: '===',
  },
  { what: 'var', file: 'activities/var.ts', text: 'export var one = 1;\n', rule: 'no-var', says: 'var' },
  {
    what: 'let that never changes',
    file: 'activities/let.ts',
    text: 'export const two = (): number => {\n  let one = 1;\n  return one + 1;\n};\n',
    rule: 'prefer-const',
    says: 'const',
  },
];

const SIZES: readonly LintPlant[] = [
  {
    what: 'a file of 201 lines',
    file: 'activities/long.ts',
    text: `${lines(201, (at) => `export const n${at} = ${at};`)}\n`,
    rule: 'max-lines',
    says: '200',
  },
  {
    what: 'a function of more than 50 lines',
    file: 'activities/long-function.ts',
    text: `export function long(list: number[]): void {\n${lines(51, (at) => `  list.push(${at});`)}\n}\n`,
    rule: 'max-lines-per-function',
    says: '50',
  },
  {
    what: 'a function of 13 paths',
    file: 'activities/complex.ts',
    text: `export function complex(n: number): number {\n${lines(12, (at) => `  if (n === ${at}) return ${at + 1};`)}\n  return n;\n}\n`,
    rule: 'complexity',
    says: '12',
  },
];

export const LINT_PLANTS: readonly LintPlant[] = [...RESTRICTED_IMPORTS, ...PURITY, ...HABITS, ...SIZES];
