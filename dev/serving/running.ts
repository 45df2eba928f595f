import type { ServerProcess } from './server-process.js';

/** A server that answers: how to reach it, what it is, and its process when it was started here. */
export interface Running<Details> {
  readonly details: Details;
  readonly origin: string;
  readonly process?: ServerProcess;
}
