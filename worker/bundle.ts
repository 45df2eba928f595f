/** The workflows of this build as one script, made in a process of its own: webpack would stay in the worker's memory for good. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROGRAM = fileURLToPath(new URL('./bundle-program.js', import.meta.url));
const MOST_BYTES = 64 * 1024 * 1024;

/** About two seconds, so tests do it once. Throws what the bundler said. */
export async function bundleWorkflows(): Promise<{ readonly code: string }> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM], { maxBuffer: MOST_BYTES });
  return { code: stdout };
}
