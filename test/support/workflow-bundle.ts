import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The file of the bundle that the run of all tests has made already (global-setup.ts), or of one of our own. */
export async function bundlePath(): Promise<string> {
  const made = process.env['STOWAGE_TEST_BUNDLE'];
  if (made !== undefined) return made;
  const { bundleWorkflows } = await import('../../worker/bundle.js');
  const path = join(await mkdtemp(join(tmpdir(), 'stowage-bundle-')), 'workflows.js');
  await writeFile(path, (await bundleWorkflows()).code);
  return path;
}
