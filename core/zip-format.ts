/**
 * The records of a ZIP, byte for byte after PKWARE's APPNOTE 6.3.10. No data descriptors (Java's ZipInputStream refuses stored
 * entries that have one), ZIP64 only where a value does not fit (some readers dislike it), no clock: equal input, equal bytes.
 */
import { dosTime } from './dos-time.js';
import { utf8Bytes } from './paths.js';
import { encodeUtf8 } from './utf8.js';
import {
  fits16,
  fits32,
  record,
  timestampBytes,
  timestampField,
  ZIP64_MARK_16,
  ZIP64_MARK_32,
  zip64Bytes,
  zip64Field,
  type Field,
  type ZipEntry,
} from './zip-records.js';

const VERSION_DEFLATE = 20; // 4.4.3.2: 2.0
const VERSION_ZIP64 = 45; // 4.4.3.2: 4.5
const MADE_BY_UNIX = 3 << 8; // 4.4.2.2
const REGULAR_FILE_0644 = 0o100644 * 0x10000; // 4.4.15: Unix keeps the mode in the upper half
const UTF8_NAME = 1 << 11; // 4.4.4, bit 11
const METHOD = { store: 0, deflate: 8 } as const; // 4.4.5

const LOCAL_HEADER_BYTES = 30;
const CENTRAL_RECORD_BYTES = 46;
const END_BYTES = 22;
const ZIP64_ENDS_BYTES = 56 + 20;

/** What decides the length of an entry's records. */
export type Measured = Pick<ZipEntry, 'name' | 'mtimeS' | 'sizeBytes' | 'packedBytes'>;

const clip32 = (value: number): number => (fits32(value) ? value : ZIP64_MARK_32);
const clip16 = (value: number): number => (fits16(value) ? value : ZIP64_MARK_16);

/** 4.5.3: a local header holds both sizes or none. */
const localZip64 = ({ sizeBytes, packedBytes }: Measured): readonly number[] =>
  fits32(sizeBytes) && fits32(packedBytes) ? [] : [sizeBytes, packedBytes];

/** 4.5.3: a central record holds only what does not fit, in this order. */
const centralZip64 = ({ sizeBytes, packedBytes }: Measured, offset: number): readonly number[] =>
  [sizeBytes, packedBytes, offset].filter((value) => !fits32(value));

const recordBytes = (fixed: number, { name, mtimeS }: Measured, zip64: readonly number[]): number =>
  fixed + utf8Bytes(name) + timestampBytes(mtimeS) + zip64Bytes(zip64.length);

/** The length of `localHeader`. */
export const localHeaderBytes = (entry: Measured): number =>
  recordBytes(LOCAL_HEADER_BYTES, entry, localZip64(entry));

/** The length of `centralRecord`. */
export const centralRecordBytes = (entry: Measured, offset: number): number =>
  recordBytes(CENTRAL_RECORD_BYTES, entry, centralZip64(entry, offset));

/** The fields that both headers of an entry have in common: 4.4.3 to 4.4.11. */
function commonFields(entry: ZipEntry, sizes: Sizes, name: Uint8Array, extra: Uint8Array): readonly Field[] {
  const { date, time } = dosTime(entry.mtimeS);
  return [
    [2, sizes.zip64 ? VERSION_ZIP64 : VERSION_DEFLATE],
    [2, name.length === entry.name.length ? 0 : UTF8_NAME],
    [2, METHOD[entry.method]],
    [2, time],
    [2, date],
    [4, entry.crc32],
    [4, sizes.packed],
    [4, sizes.size],
    [2, name.length],
    [2, extra.length],
  ];
}

interface Sizes {
  readonly zip64: boolean;
  readonly packed: number;
  readonly size: number;
}

/** 4.3.7: the local file header. */
export function localHeader(entry: ZipEntry): Uint8Array {
  const large = localZip64(entry);
  const zip64 = large.length > 0;
  const sizes = zip64
    ? { zip64, packed: ZIP64_MARK_32, size: ZIP64_MARK_32 }
    : { zip64, packed: entry.packedBytes, size: entry.sizeBytes };
  const name = encodeUtf8(entry.name);
  const extra = record(zip64Field(large), timestampField(entry.mtimeS));
  return record([4, 0x04034b50], ...commonFields(entry, sizes, name, extra), name, extra);
}

/** 4.3.12: the entry's record in the central directory; `offset` is where its local header begins. */
export function centralRecord(entry: ZipEntry, offset: number): Uint8Array {
  const large = centralZip64(entry, offset);
  const zip64 = large.length > 0;
  const sizes = { zip64, packed: clip32(entry.packedBytes), size: clip32(entry.sizeBytes) };
  const name = encodeUtf8(entry.name);
  const extra = record(zip64Field(large), timestampField(entry.mtimeS));
  return record(
    [4, 0x02014b50],
    [2, MADE_BY_UNIX | (zip64 ? VERSION_ZIP64 : VERSION_DEFLATE)],
    ...commonFields(entry, sizes, name, extra),
    [2, 0], // 4.4.12 comment
    [2, 0], // 4.4.13 disk
    [2, 0], // 4.4.14 internal attributes: binary
    [4, REGULAR_FILE_0644],
    [4, clip32(offset)],
    name,
    extra,
  );
}

/** The central directory as its end records describe it. */
export interface DirectoryExtent {
  readonly entries: number;
  readonly offset: number;
  readonly bytes: number;
}

const needsZip64End = ({ entries, offset, bytes }: DirectoryExtent): boolean =>
  !fits16(entries) || !fits32(offset) || !fits32(bytes);

/** The length of `endRecords`. */
export const endRecordsBytes = (directory: DirectoryExtent): number =>
  END_BYTES + (needsZip64End(directory) ? ZIP64_ENDS_BYTES : 0);

/** 4.3.16: the end of central directory record; before it, where a value does not fit, its ZIP64 form and locator. */
export function endRecords(directory: DirectoryExtent): Uint8Array {
  const { entries, offset, bytes } = directory;
  return record(
    ...(needsZip64End(directory) ? [zip64EndRecord(directory), zip64Locator(offset + bytes)] : []),
    [4, 0x06054b50],
    [4, 0], // 4.4.19, 4.4.20: one disk
    [2, clip16(entries)],
    [2, clip16(entries)],
    [4, clip32(bytes)],
    [4, clip32(offset)],
    [2, 0], // 4.4.25 comment
  );
}

/** 4.3.14; its size field counts what follows that field. */
const zip64EndRecord = ({ entries, offset, bytes }: DirectoryExtent): Uint8Array =>
  record(
    [4, 0x06064b50],
    [8, 44],
    [2, MADE_BY_UNIX | VERSION_ZIP64],
    [2, VERSION_ZIP64],
    [8, 0], // this disk, and that of the directory
    [8, entries],
    [8, entries],
    [8, bytes],
    [8, offset],
  );

/** 4.3.15: where the record above begins. */
const zip64Locator = (endOffset: number): Uint8Array =>
  record([4, 0x07064b50], [4, 0], [8, endOffset], [4, 1]);
