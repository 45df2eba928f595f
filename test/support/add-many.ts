import { bucketOf, fileInfoOf } from '../../dev/corpus.js';
import type { Lab } from './lab.js';

const AT_ONCE = 24;

/** A raw file of very many small files; its bucket must exist. */
export async function addMany(
  { corpus }: Lab,
  id: string,
  project: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  const bucket = bucketOf(project);
  const left = Object.entries(files).values();
  const lane = async (): Promise<void> => {
    for (const [name, bytes] of left) await corpus.put(bucket, name, bytes);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const file_info = Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [name, fileInfoOf(bytes, 500)]),
  );
  await corpus.catalogue({ _id: id, project_id: project, s3_upload_path: bucket, file_info });
}
