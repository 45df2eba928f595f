/** `stowage api` as a process, listening. */
import type { Lab } from './lab.js';
import { STOWAGE, startProcess } from './processes.js';
import type { StartedProcess } from './processes.js';
import { until } from './until.js';

const READY = /"address":"(http:[^"]+)"/;

export async function startApiProcess(
  lab: Pick<Lab, 'env' | 'folder'>,
  env: Readonly<Record<string, string>> = {},
): Promise<StartedProcess & { readonly url: string }> {
  const api = startProcess(process.execPath, [STOWAGE, 'api'], {
    env: { ...lab.env, PORT: '0', HOST: '127.0.0.1', ...env },
    cwd: lab.folder,
  });
  const died = api.ended.then(({ err }) => Promise.reject(new Error(`the API ended: ${err}`)));
  await Promise.race([until('the API is ready', () => READY.test(api.said())), died]);
  died.catch(() => undefined);
  return { ...api, url: READY.exec(api.said())?.[1] ?? '' };
}
