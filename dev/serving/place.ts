import type { Environment, Say } from '../obtaining/cache.js';

/** Where a server is started, and whom to tell. */
export interface Place {
  /** Holds the data of all servers, each in a folder of its own. */
  readonly dataFolder: string;
  readonly logFolder: string;
  /** Data survives the stop, and the well-known ports are taken when they are free. */
  readonly persistent: boolean;
  readonly env: Environment;
  readonly say: Say;
}
