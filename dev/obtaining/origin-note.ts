import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the cache remembers about a program it made: for which version, and from what. */
export interface OriginNote {
  readonly pin: string;
  readonly madeFrom: string;
}

function notePath(cache: string, name: string): string {
  return join(cache, 'origins', `${name}.json`);
}

export async function readOriginNote(cache: string, name: string): Promise<OriginNote | undefined> {
  try {
    return JSON.parse(await readFile(notePath(cache, name), 'utf8')) as OriginNote;
  } catch {
    return undefined;
  }
}

export async function writeOriginNote(cache: string, name: string, note: OriginNote): Promise<void> {
  await mkdir(join(cache, 'origins'), { recursive: true });
  await writeFile(notePath(cache, name), JSON.stringify(note) + '\n');
}
