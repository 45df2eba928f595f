import type { Say } from './cache.js';

/** A program that can be started, and in one phrase what it is and where it came from. */
export interface Program {
  readonly path: string;
  readonly origin: string;
}

/** One way to come to a program. */
export interface Way {
  /** As a person would call it: "download of …", "go build of …". */
  readonly name: string;
  /**
   * Lays the finished program out in an empty folder as it shall lie in the cache (`bin/NAME`, `jars/NAME/…`)
   * and resolves with what it was made from. Throws when this way is closed on this machine, soon and with
   * the reason.
   */
  readonly make: (folder: string, say: Say) => Promise<string>;
}

export interface Recipe {
  /** The file name, on PATH and in the cache. */
  readonly name: string;
  /** What people know it as. */
  readonly title: string;
  /** The version wanted. A cached program that was made for another one is made anew. */
  readonly pin: string;
  readonly ways: readonly Way[];
  /** What to do when no way works. */
  readonly remedy: string;
}
