/** The growing directory and the growing manifest, for tests that have everything at hand. */
import { openDirectory } from '../../core/zip-directory.js';
import type { WrittenSegment, ZipDirectory } from '../../core/zip-directory.js';
import { openManifest } from '../../core/zip-manifest.js';
import type { ManifestEntry, ManifestMissing } from '../../core/zip-manifest.js';
import { concat } from '../../core/zip-records.js';

export function layDirectory(
  segments: readonly WrittenSegment[],
): ZipDirectory | { readonly problem: string } {
  const directory = openDirectory();
  for (const segment of segments) {
    const problem = directory.add(segment);
    if (problem !== null) return problem;
  }
  return directory.close();
}

/** In two pieces where there is more than one entry, as a ZIP of several segments adds them. */
export function manifestContent(
  included: readonly ManifestEntry[],
  missing: readonly ManifestMissing[],
): Uint8Array {
  const manifest = openManifest(missing.length > 0);
  manifest.add(included.slice(0, 1));
  manifest.add(included.slice(1));
  return concat(manifest.close(missing));
}
