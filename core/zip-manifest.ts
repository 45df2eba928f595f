/** `_MANIFEST.json`: the entry that says, inside the ZIP, what is in it and what is missing. Names may stand here, and only here. */
import { encodeUtf8 } from './utf8.js';
import type { ZipSkipped } from './zip-contract.js';
import type { ZipEntry } from './zip-records.js';

/** No other entry gets this name: it is among the reserved ones of `entryNames`. */
export const MANIFEST_NAME = '_MANIFEST.json';

/** Where an entry comes from, as in the request: an attachment's id or an object's URI. */
export type ZipOrigin = Pick<ZipSkipped, 'id' | 'uri'>;

export interface ManifestEntry {
  readonly origin: ZipOrigin;
  readonly entry: Pick<ZipEntry, 'name' | 'sizeBytes' | 'crc32'>;
}

export interface ManifestMissing extends ZipSkipped {
  /** The name it would have had. */
  readonly name: string;
}

/** The manifest's bytes: what is in and what is missing, each in the order of the request. */
export function manifestContent(
  included: readonly ManifestEntry[],
  missing: readonly ManifestMissing[],
): Uint8Array {
  const content = {
    status: missing.length === 0 ? 'complete' : 'partial',
    included: included.map(({ origin, entry }) => ({
      name: entry.name,
      ...originOf(origin),
      size_bytes: entry.sizeBytes,
      crc32: entry.crc32.toString(16).padStart(8, '0'),
    })),
    missing: missing.map(({ name, reason, ...origin }) => ({ name, ...originOf(origin), reason })),
  };
  return encodeUtf8(`${JSON.stringify(content, null, 2)}\n`);
}

/** One order of properties, whatever the caller's. */
const originOf = ({ id, uri }: ZipOrigin): ZipOrigin => ({
  ...(id === undefined ? {} : { id }),
  ...(uri === undefined ? {} : { uri }),
});
