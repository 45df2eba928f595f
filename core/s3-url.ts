/** Where in S3 something lies. Keys are opaque: nothing in them is normalised but slashes at the ends of a prefix. */
export interface S3Location {
  readonly bucket: string;
  /** Without slashes at its ends; empty where the bucket itself is meant. */
  readonly prefix: string;
}

/** `bucket`, `bucket/`, `bucket/prefix`, `s3://bucket/prefix/` → bucket and prefix; null where there is no bucket. */
export function parseS3Path(path: string): S3Location | null {
  const bare = path
    .trimStart()
    .replace(/^s3:\/\//i, '')
    .replace(/^\/+/, '')
    .replace(/\/+$/, '');
  const cut = bare.indexOf('/');
  if (cut < 0) return bare.trim() === '' ? null : { bucket: bare.trim(), prefix: '' };
  return { bucket: bare.slice(0, cut), prefix: bare.slice(cut + 1).replace(/^\/+/, '') };
}

/** The key of a file below a location. */
export const keyBelow = ({ prefix }: S3Location, relativePath: string): string =>
  prefix === '' ? relativePath : `${prefix}/${relativePath}`;
