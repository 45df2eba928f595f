/** `stowage zip`: many objects into one. */
import type { StartOptions } from './commands.js';
import { followNew, withJobs } from './commands.js';
import type { Surroundings } from './surroundings.js';
import { ZIP_VIEW } from './views.js';
import type { ZipOptions } from './zip-request.js';
import { zipRequest } from './zip-request.js';

export interface ZipCommandOptions extends ZipOptions, StartOptions {}

/** Starts the job and watches it. */
export async function zip(options: ZipCommandOptions, world: Surroundings): Promise<number> {
  const request = zipRequest(options);
  return withJobs(world, async (jobs) => {
    const job = await jobs.startZip(request, options.id ?? world.newWorkflowId('zip'));
    return followNew(jobs, job, options, world, ZIP_VIEW);
  });
}
