/** What records of a ZIP are made of: little-endian fields (APPNOTE 4.4.1.1) and extra fields (4.5). */
import type { Compression } from './zip-contract.js';

/** One entry as it lies in the ZIP: all of it is known before its header is written, so no data descriptor (4.3.9) is needed. */
export interface ZipEntry {
  /** Safe and unique already (zip-names.ts); folders end in `/`, separators are `/` (4.4.17.1). */
  readonly name: string;
  /** Seconds since 1970. */
  readonly mtimeS: number;
  readonly method: Compression;
  readonly crc32: number;
  readonly sizeBytes: number;
  /** Its bytes in the ZIP: those of a stored entry are `sizeBytes`. */
  readonly packedBytes: number;
}

/** The largest values of 16 and 32 bits mean "see ZIP64" (4.4.1.4), so they are no values themselves. */
export const ZIP64_MARK_16 = 0xffff;
export const ZIP64_MARK_32 = 0xffffffff;

export const fits16 = (value: number): boolean => value < ZIP64_MARK_16;
export const fits32 = (value: number): boolean => value < ZIP64_MARK_32;

/** A number of so many bytes, or bytes as they are. */
export type Field = readonly [bytes: 1 | 2 | 4 | 8, value: number] | Uint8Array;

const lengthOf = (field: Field): number => (field instanceof Uint8Array ? field.length : field[0]);

/** Fields one after the other. */
export function record(...fields: readonly Field[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, field) => sum + lengthOf(field), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const field of fields) {
    if (field instanceof Uint8Array) bytes.set(field, at);
    else putNumber(view, at, field[0], field[1]);
    at += lengthOf(field);
  }
  return bytes;
}

function putNumber(view: DataView, at: number, bytes: 1 | 2 | 4 | 8, value: number): void {
  if (bytes === 1) view.setUint8(at, value);
  else if (bytes === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value % 2 ** 32, true);
  if (bytes === 8) view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** Records one after the other; a list, because a directory may have a million. */
export function concat(records: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of records) {
    bytes.set(one, at);
    at += one.length;
  }
  return bytes;
}

const NONE = new Uint8Array(0);

/** Whether a time fits the extended timestamp: 32 bits with a sign. */
const fitsTimestamp = (unixS: number): boolean => unixS >= -(2 ** 31) && unixS < 2 ** 31;

/** The header of an extra field and its flags before the time itself. */
const TIMESTAMP_BYTES = 9;

export const timestampBytes = (mtimeS: number): number => (fitsTimestamp(mtimeS) ? TIMESTAMP_BYTES : 0);

/**
 * Extended timestamp (4.6.1: 0x5455, Info-ZIP's extrafld.txt): the mtime in UTC, the same in both headers. A time that does not
 * fit is left to the MS-DOS date rather than written wrong.
 */
export const timestampField = (mtimeS: number): Uint8Array =>
  fitsTimestamp(mtimeS) ? record([2, 0x5455], [2, 5], [1, 1], [4, Math.floor(mtimeS)]) : NONE;

/** ZIP64 extended information (4.5.3): the values whose own fields hold the mark, in the order of those fields. */
export const zip64Field = (values: readonly number[]): Uint8Array =>
  values.length === 0
    ? NONE
    : record([2, 0x0001], [2, 8 * values.length], ...values.map((value) => [8, value] as const));

export const zip64Bytes = (values: number): number => (values === 0 ? 0 : 4 + 8 * values);
