/** What `tsc` must refuse: wrong edges between folders, and Node where there is none. */
export interface CompilePlant {
  readonly file: string;
  readonly text: string;
  readonly error: string;
}

const NOT_REFERENCED = 'TS6307';

const WRONG_EDGES: readonly (readonly [from: string, to: string])[] = [
  ['core', 'workflows'],
  ['core', 'activities'],
  ['core', 'client'],
  ['core', 'worker'],
  ['core', 'dev'],
  ['workflows', 'activities'],
  ['workflows', 'client'],
  ['workflows', 'worker'],
  ['activities', 'workflows'],
  ['activities', 'client'],
  ['activities', 'worker'],
  ['client', 'workflows'],
  ['client', 'activities'],
  ['client', 'worker'],
  ['worker', 'workflows'],
];

const edges = WRONG_EDGES.map(([from, to]): CompilePlant => ({
  file: `${from}/edge-to-${to}.ts`,
  text: `import { thing } from '../${to}/thing.js';\nexport const taken = thing;\n`,
  error: NOT_REFERENCED,
}));

const NODE: Readonly<Record<string, string>> = {
  'node:fs': `import { readFileSync } from 'node:fs';\nexport const used = readFileSync;\n`,
  process: `export const used = process.env;\n`,
  Buffer: `export const used = Buffer.alloc(1);\n`,
  console: `console.log('seen');\n`,
  setTimeout: `setTimeout(() => undefined, 1);\n`,
};

const node = ['core', 'workflows'].flatMap((folder) =>
  Object.entries(NODE).map(([name, text]): CompilePlant => ({
    file: `${folder}/uses-${name.replace(':', '-')}.ts`,
    text,
    error: name,
  })),
);

export const COMPILE_PLANTS: readonly CompilePlant[] = [...edges, ...node];
