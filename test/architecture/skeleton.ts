/**
 * A project of the same shape as this one: its own tsconfig files and lint rules, with one small file for each folder.
 * What is planted there is judged as it would be here, whatever the real sources are at the moment.
 */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = process.cwd();
export const FOLDERS = [
  'core',
  'workflows',
  'activities',
  'client',
  'worker',
  'dev',
  'bench',
  'test',
] as const;

const CONFIGURATION = ['.oxlintrc.json', 'package.json', 'tsconfig.json', 'tsconfig.base.json'];

/** What is allowed, and must stay so: a rule that refuses everything would pass every test below. */
const ALLOWED: Readonly<Record<string, string>> = {
  'core/input.ts': `import { z } from 'zod';\nexport const shape = z.string();\n`,
  'core/settings.ts': `import { z } from 'zod';\nexport const settings = z.object({});\n`,
  'workflows/index.ts': `import { sleep } from '@temporalio/workflow';\nimport { thing } from '../core/thing.js';\nexport const job = sleep;\nexport default function unknownType(): string {\n  return thing;\n}\n`,
  'activities/stores/s3.ts': `import { S3Client } from '@aws-sdk/client-s3';\nimport { MongoClient } from 'mongodb';\nexport const clients = [S3Client, MongoClient];\n`,
  'client/jobs.ts': `import { Client } from '@temporalio/client';\nexport const client = Client;\n`,
  'client/cli.ts': `console.log('for people');\n`,
  'worker/main.ts': `import { Client } from '@temporalio/client';\nimport { thing } from '../activities/thing.js';\nconsole.log(thing, Client);\n`,
};

export class Skeleton {
  readonly folder: string;
  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Skeleton> {
    const skeleton = new Skeleton(await realpath(await mkdtemp(join(tmpdir(), 'architecture-'))));
    const copied = [...CONFIGURATION, ...FOLDERS.map((folder) => `${folder}/tsconfig.json`)];
    await Promise.all(
      copied.map((file) => cp(join(ROOT, file), join(skeleton.folder, file), { recursive: true })),
    );
    await symlink(join(ROOT, 'node_modules'), join(skeleton.folder, 'node_modules'));
    const things = FOLDERS.map(
      (folder) => [`${folder}/thing.ts`, `export const thing = '${folder}';\n`] as const,
    );
    await skeleton.plant({ ...Object.fromEntries(things), ...ALLOWED });
    return skeleton;
  }

  async plant(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.folder, path)), { recursive: true });
      await writeFile(join(this.folder, path), text);
    }
  }

  async pull(paths: readonly string[]): Promise<void> {
    await Promise.all(paths.map((path) => rm(join(this.folder, path))));
  }

  tsc(...args: readonly string[]): Promise<string> {
    return this.run('typescript/bin/tsc', [...args, '--pretty', 'false']);
  }

  async oxlint(): Promise<readonly Diagnostic[]> {
    const answer = await this.run('oxlint/bin/oxlint', [
      '--type-aware',
      '--deny-warnings',
      '--format',
      'json',
    ]);
    const { diagnostics } = JSON.parse(answer.slice(answer.indexOf('{'))) as {
      readonly diagnostics: readonly Diagnostic[];
    };
    return diagnostics;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }

  private run(program: string, args: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', program), ...args], {
      cwd: this.folder,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return new Promise((resolve, reject) => child.on('error', reject).on('close', () => resolve(output)));
  }
}

export interface Diagnostic {
  readonly code: string;
  readonly message: string;
  readonly help?: string;
  readonly filename: string;
}
