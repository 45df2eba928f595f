/** Programs that read ZIPs, as judges over ours. One that is not on this machine says so and judges nothing. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';

export interface ReadEntry {
  readonly name: string;
  readonly sizeBytes: number;
  readonly crc32: number;
  /** Where the reader gives the exact time. */
  readonly mtimeS?: number;
}

/** Reads each ZIP to its end, entries above `mostBytes` excepted; what it says is wrong with one is thrown. */
export interface ListingReader {
  readonly name: string;
  readonly read: (paths: readonly string[], mostBytes?: number) => Promise<readonly (readonly ReadEntry[])[]>;
}

/** Accepts or refuses a ZIP; a warning is a refusal. */
export interface TestingReader {
  readonly name: string;
  readonly test: (path: string) => Promise<void>;
}

const run = promisify(execFile);
const script = (name: string): string => join(process.cwd(), 'test', 'support', 'zip-readers', name);

async function output(program: string, args: readonly string[]): Promise<string> {
  const options = { maxBuffer: 2 ** 28, env: { ...process.env, TZ: 'Asia/Kathmandu', LC_ALL: 'C.UTF-8' } };
  const { stdout, stderr } = await run(program, [...args], options);
  if (stderr !== '') throw new Error(`${program}: ${stderr.slice(0, 2000)}`);
  return stdout;
}

async function listings(
  program: string,
  args: readonly string[],
): Promise<readonly (readonly ReadEntry[])[]> {
  const lines = (await output(program, args)).trim().split('\n');
  return lines.map((line) =>
    (JSON.parse(line) as readonly (ReadEntry & { readonly hex?: string })[]).map(named),
  );
}

const named = ({ hex, ...entry }: ReadEntry & { readonly hex?: string }): ReadEntry =>
  hex === undefined ? entry : { ...entry, name: Buffer.from(hex, 'hex').toString() };

const ALL = Number.MAX_SAFE_INTEGER;

const python: ListingReader = {
  name: 'Python zipfile',
  read: (paths, most = ALL) => listings('python3', [script('read_zips.py'), String(most), ...paths]),
};

const java = (kind: 'stream' | 'file'): ListingReader => ({
  name: kind === 'stream' ? 'Java ZipInputStream' : 'Java ZipFile',
  read: (paths, most = ALL) =>
    listings('java', [
      '-Xshare:auto',
      '-XX:TieredStopAtLevel=1',
      script('ReadZips.java'),
      kind,
      String(most),
      ...paths,
    ]),
});

const yauzl: ListingReader = {
  name: 'yauzl',
  read: (paths, most = ALL) => Promise.all(paths.map((path) => readWithYauzl(path, most))),
};

async function readWithYauzl(path: string, most: number): Promise<readonly ReadEntry[]> {
  const zip = await openPromise(path, { strictFileNames: true, autoClose: false });
  const entries: ReadEntry[] = [];
  for await (const entry of zip.eachEntry()) entries.push(await readEntry(zip, entry, most));
  zip.close();
  return entries;
}

async function readEntry(zip: ZipFile, entry: Entry, most: number): Promise<ReadEntry> {
  const known = { name: entry.fileName, mtimeS: entry.getLastModDate().getTime() / 1000 };
  if (entry.uncompressedSize > most)
    return { ...known, sizeBytes: entry.uncompressedSize, crc32: entry.crc32 };
  let [sizeBytes, crc] = [0, 0];
  for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>)
    [sizeBytes, crc] = [sizeBytes + chunk.length, crc32(chunk, crc)];
  return { ...known, sizeBytes, crc32: crc };
}

const tester = (name: string, args: readonly string[], good: RegExp): TestingReader => ({
  name,
  test: async (path) => {
    const text = await output(name, [...args, path]);
    if (!good.test(text) || /warning/i.test(text)) throw new Error(`${name}: ${text.slice(-2000)}`);
  },
});

const TESTERS: readonly TestingReader[] = [
  tester('unzip', ['-tq'], /No errors detected/),
  tester('7zz', ['t', '-bd'], /Everything is Ok/),
  tester('7z', ['t', '-bd'], /Everything is Ok/),
  // Extracts everything to nowhere, which checks the CRC32s.
  {
    ...tester('bsdtar', ['-cf', '/dev/null'], /^/),
    test: async (path) => void (await output('bsdtar', ['-cf', '/dev/null', `@${path}`])),
  },
];

async function present(program: string, args: readonly string[]): Promise<boolean> {
  return run(program, [...args]).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      process.stdout.write(
        `ZIP reader ${program} does not judge: ${error.code === 'ENOENT' ? 'not installed' : error.message}\n`,
      );
      return false;
    },
  );
}

export async function listingReaders(): Promise<readonly ListingReader[]> {
  const [hasPython, hasJava] = await Promise.all([
    present('python3', ['--version']),
    present('java', ['--version']),
  ]);
  return [yauzl, ...(hasPython ? [python] : []), ...(hasJava ? [java('stream'), java('file')] : [])];
}

export async function testingReaders(): Promise<readonly TestingReader[]> {
  const there = await Promise.all(
    TESTERS.map(({ name }) =>
      present(name, name === 'unzip' ? ['-v'] : name === 'bsdtar' ? ['--version'] : []),
    ),
  );
  return TESTERS.filter((_, at) => there[at]);
}
