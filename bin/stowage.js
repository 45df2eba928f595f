#!/usr/bin/env node
/** The door: the first word says which program runs, so that none of them loads what only another one needs. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAMS = {
  worker: '../dist/worker/main.js',
  api: '../dist/worker/api.js',
  doctor: '../dist/worker/doctor.js',
  dev: '../dist/dev/dev.js',
};

const words = process.argv.slice(2);
const own = Object.hasOwn(PROGRAMS, words[0] ?? '');
const program = new URL(own ? PROGRAMS[words[0]] : '../dist/client/cli.js', import.meta.url);

if (existsSync(program)) {
  // Variables that are set already win over the file.
  if (existsSync('.env')) process.loadEnvFile(resolve('.env'));
  const { main } = await import(program.href);
  process.exitCode = await main(own ? words.slice(1) : words);
} else {
  const checkout = fileURLToPath(new URL('..', import.meta.url));
  process.stderr.write(`stowage is not built yet: run npm ci (or npm run build) in ${checkout}\n`);
  process.exitCode = 1;
}
