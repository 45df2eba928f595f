import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../dev/obtaining/cache.js';
import { obtainProgram } from '../../dev/obtaining/obtain-program.js';
import type { Recipe, Way } from '../../dev/obtaining/recipe.js';

let home: string;
let env: Environment;
let said: string[];
const say = (line: string) => void said.push(line);

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stowage-obtain-'));
  env = { PATH: join(home, 'path'), STOWAGE_CACHE_DIR: join(home, 'cache') };
  said = [];
});

afterEach(() => rm(home, { recursive: true, force: true }));

async function putProgram(folder: string, text: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'gadget');
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

function works(text = 'made'): Way {
  const make = async (folder: string) => {
    await putProgram(join(folder, 'bin'), text);
    return `made of ${text}`;
  };
  return { name: 'making it', make };
}

const fails: Way = { name: 'fetching it', make: () => Promise.reject(new Error('the host does not answer')) };

function recipe(ways: readonly Way[], pin = '1'): Recipe {
  return { name: 'gadget', title: 'Gadget', pin, ways, remedy: 'Install a gadget.' };
}

const inCache = () => join(home, 'cache', 'bin', 'gadget');

describe('the order of choice', () => {
  test('a program on PATH wins over the cache', async () => {
    const path = await putProgram(join(home, 'path'), 'on path');
    await putProgram(join(home, 'cache', 'bin'), 'cached');
    expect(await obtainProgram(recipe([works()]), say, env)).toEqual({
      path,
      origin: `found on PATH (${path})`,
    });
  });

  test('a file on PATH that cannot be executed does not count', async () => {
    await chmod(await putProgram(join(home, 'path'), 'on path'), 0o644);
    expect((await obtainProgram(recipe([works()]), say, env)).path).toBe(inCache());
  });

  test('a program put into the cache by hand is taken', async () => {
    const path = await putProgram(join(home, 'cache', 'bin'), 'by hand');
    const origin = `found in the cache (${path})`;
    expect(await obtainProgram(recipe([fails]), say, env)).toEqual({ path, origin });
  });

  test('the second way gets its turn when the first is closed, and people are told', async () => {
    const { origin } = await obtainProgram(recipe([fails, works()]), say, env);
    expect(origin).toBe(`made of made (cached in ${inCache()})`);
    expect(said).toEqual([
      'Gadget: fetching it …',
      'Gadget: fetching it did not work: the host does not answer',
      'Gadget: making it …',
    ]);
  });
});

describe('the cache', () => {
  test('what was made once is not made again, and its origin is still known', async () => {
    const first = await obtainProgram(recipe([works()]), say, env);
    expect(await obtainProgram(recipe([fails]), say, env)).toEqual(first);
  });

  test('another wanted version is made anew', async () => {
    await obtainProgram(recipe([works('old')], '1'), say, env);
    await obtainProgram(recipe([works('new')], '2'), say, env);
    expect(await readFile(inCache(), 'utf8')).toBe('new');
  });

  test('two at once make it once', async () => {
    let made = 0;
    const slow: Way = {
      name: 'making it slowly',
      make: async (folder) => {
        made += 1;
        await new Promise((resolve) => setTimeout(resolve, 50));
        return works().make(folder, say);
      },
    };
    await Promise.all([obtainProgram(recipe([slow]), say, env), obtainProgram(recipe([slow]), say, env)]);
    expect(made).toBe(1);
  });

  test('a way that breaks off half done leaves nothing behind', async () => {
    const breaks: Way = {
      name: 'breaking off',
      make: async (folder) => {
        await works().make(folder, say);
        throw new Error('disk full');
      },
    };
    await expect(obtainProgram(recipe([breaks]), say, env)).rejects.toThrow('disk full');
    expect(await readdir(join(home, 'cache', 'tmp'))).toEqual([]);
    await expect(readFile(inCache())).rejects.toThrow('ENOENT');
  });
});

test('when nothing works the error says what was wanted, what was tried, and what to do', async () => {
  await expect(obtainProgram(recipe([fails]), say, env)).rejects.toThrow(
    [
      'Gadget is needed and could not be obtained. Tried:',
      '  - gadget on PATH: not there',
      `  - ${inCache()}: not there, or another version`,
      '  - fetching it: the host does not answer',
      'Install a gadget.',
    ].join('\n'),
  );
});
