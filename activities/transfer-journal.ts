/**
 * What of a temporary file is right already, in a file beside it: JSON lines, first what is being fetched, then each
 * finished range. Written after the range itself, so that it never claims more than there is.
 */
import { open, readFile, rm } from 'node:fs/promises';
import type { ByteRange } from './transfer-ranges.js';

/** What a journal belongs to: for other bytes, or other ranges, it says nothing. */
export interface JournalSubject {
  readonly etag: string;
  readonly sizeBytes: number;
  readonly ranges: readonly ByteRange[];
}

export interface Journal {
  record(range: ByteRange): Promise<void>;
  close(): Promise<void>;
}

const firstLine = ({ etag, sizeBytes, ranges }: JournalSubject): string =>
  JSON.stringify({ etag, size: sizeBytes, range: ranges[0]?.end ?? 0 });

/** The finished ranges, or null where there is no journal of this subject. Lines that cannot be read are ignored. */
export async function readJournal(
  path: string,
  subject: JournalSubject,
): Promise<readonly ByteRange[] | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const [first, ...lines] = text.split('\n');
  if (first !== firstLine(subject)) return null;
  const finished = new Set(lines.map((line) => lineKey(line)));
  return subject.ranges.filter((range) => finished.has(keyOf(range)));
}

const keyOf = ({ start, end }: ByteRange): string => `${start}-${end}`;

/** The last line of a killed worker may be torn. */
function lineKey(line: string): string | null {
  try {
    return keyOf(JSON.parse(line) as ByteRange);
  } catch {
    return null;
  }
}

/** Goes on with a journal, or begins one where there is none. */
export async function openJournal(path: string, subject: JournalSubject): Promise<Journal> {
  const file = await open(path, 'a');
  // After a torn line the next one starts on its own.
  const head = (await file.stat()).size === 0 ? firstLine(subject) : '';
  await file.appendFile(`${head}\n`);
  return {
    record: ({ start, end }) => file.appendFile(`${JSON.stringify({ start, end })}\n`),
    close: () => file.close(),
  };
}

export const removeJournal = (path: string): Promise<void> => rm(path, { force: true });
