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

/** A manifest that grows segment by segment, in the order of the request. */
export interface OpenManifest {
  add(included: readonly ManifestEntry[]): void;
  /** The pieces of the manifest's bytes, one after the other. */
  close(missing: readonly ManifestMissing[]): readonly Uint8Array[];
}

/** `isPartial`: whether anything is missing, which is said at the beginning. The text is that of JSON with indentation. */
export function openManifest(isPartial: boolean): OpenManifest {
  const status = isPartial ? 'partial' : 'complete';
  const pieces = [encodeUtf8(`{\n  "status": "${status}",\n  "included": `)];
  let count = 0;
  return {
    add: (included) => {
      if (included.length === 0) return;
      const items = included.map((one) => itemText(includedItem(one)));
      pieces.push(encodeUtf8((count === 0 ? '[\n' : ',\n') + items.join(',\n')));
      count += included.length;
    },
    close: (missing) => {
      const list = missing.map((one) => itemText(missingItem(one)));
      const end = count === 0 ? '[]' : '\n  ]';
      const text = list.length === 0 ? '[]' : `[\n${list.join(',\n')}\n  ]`;
      return [...pieces, encodeUtf8(`${end},\n  "missing": ${text}\n}\n`)];
    },
  };
}

/** No string of JSON holds a line break, so that every line can be indented. */
const itemText = (item: object): string => JSON.stringify(item, null, 2).replace(/^/gm, '    ');

const includedItem = ({ origin, entry }: ManifestEntry): object => ({
  name: entry.name,
  ...originOf(origin),
  size_bytes: entry.sizeBytes,
  crc32: entry.crc32.toString(16).padStart(8, '0'),
});

const missingItem = ({ name, reason, ...origin }: ManifestMissing): object => ({
  name,
  ...originOf(origin),
  reason,
});

/** One order of properties, whatever the caller's. */
const originOf = ({ id, uri }: ZipOrigin): ZipOrigin => ({
  ...(id === undefined ? {} : { id }),
  ...(uri === undefined ? {} : { uri }),
});
