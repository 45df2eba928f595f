/** Where every entry begins, from what really lies before it, and with that the central directory (APPNOTE 4.3.12). */
import {
  centralRecord,
  centralRecordBytes,
  endRecords,
  endRecordsBytes,
  localHeaderBytes,
  type Measured,
} from './zip-format.js';
import { concat, type ZipEntry } from './zip-records.js';

/** A piece of the ZIP as it was written: its length as S3 counted it, and the entries that begin in it. */
export interface WrittenSegment {
  readonly bytes: number;
  readonly entries: readonly ZipEntry[];
}

export interface ZipDirectory {
  /** The central directory and its end records: what follows the last entry. */
  readonly bytes: Uint8Array;
  readonly entries: number;
  readonly zipBytes: number;
}

/** A directory that grows segment by segment, so that nobody has to hold all entries at once. */
export interface OpenDirectory {
  /** The next segment. Its problem, if it has one, ends the ZIP. */
  add(segment: WrittenSegment): { readonly problem: string } | null;
  close(): ZipDirectory;
}

/**
 * Lays the directory out over segments in their order. An entry lies whole in one segment, so a segment whose length is not the
 * sum of its entries would shift all that follow: that is a problem, and never a ZIP.
 */
export function openDirectory(): OpenDirectory {
  const pieces: Uint8Array[] = [];
  let [offset, count, at] = [0, 0, 0];
  return {
    add: ({ bytes, entries }) => {
      const [begin, records]: [number, Uint8Array[]] = [offset, []];
      for (const entry of entries) {
        records.push(centralRecord(entry, offset));
        offset += entryBytes(entry);
      }
      pieces.push(concat(records));
      count += entries.length;
      at += 1;
      if (offset === begin + bytes) return null;
      return { problem: `segment ${at - 1}: wanted ${offset - begin} bytes, found ${bytes}` };
    },
    close: () => {
      const directoryBytes = pieces.reduce((sum, { length }) => sum + length, 0);
      const bytes = concat([...pieces, endRecords({ entries: count, offset, bytes: directoryBytes })]);
      return { bytes, entries: count, zipBytes: offset + bytes.length };
    },
  };
}

/** What an entry occupies: its local header and its bytes. */
export const entryBytes = (entry: Measured): number => localHeaderBytes(entry) + entry.packedBytes;

/** An entry before it is written, as far as the length of a stored ZIP depends on it. */
export type SizedEntry = Omit<Measured, 'packedBytes'>;

/** The exact length of the ZIP in which these entries are stored; where entries are deflated, an upper bound. */
export function predictedSize(entries: readonly SizedEntry[]): number {
  let [offset, bytes] = [0, 0];
  for (const entry of entries) {
    const stored = { ...entry, packedBytes: entry.sizeBytes };
    bytes += centralRecordBytes(stored, offset);
    offset += entryBytes(stored);
  }
  return offset + bytes + endRecordsBytes({ entries: entries.length, offset, bytes });
}
