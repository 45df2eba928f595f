/** What one check of `stowage doctor` found. A finding says what is, and, where something fails, what to do about it. */
export interface Finding {
  /** What was looked at: `Temporal`, `MongoDB`, … */
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** Where it is: an address, a path; without credentials. */
  readonly address: string | null;
  readonly message: string;
  /** What to do; null where nothing is to be done. */
  readonly todo: string | null;
  /** Whose fault a failure is: it decides the exit code. */
  readonly blame: Blame | null;
}

export type Blame = 'settings' | 'unreachable' | 'other';

/** What is looked at, and where. */
export interface Subject {
  readonly name: string;
  readonly address: string | null;
}

export const ok = ({ name, address }: Subject, message: string): Finding => ({
  name,
  address,
  state: 'ok',
  message,
  todo: null,
  blame: null,
});

/** Jobs can run, but somebody should know. */
export const warn = ({ name, address }: Subject, message: string, todo: string): Finding => ({
  name,
  address,
  state: 'warn',
  message,
  todo,
  blame: null,
});

export const fail = ({ name, address }: Subject, blame: Blame, message: string, todo: string): Finding => ({
  name,
  address,
  state: 'fail',
  message,
  todo,
  blame,
});

/** Wrong settings come first, because they may be why a server cannot be reached. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const blames = new Set(findings.map(({ blame }) => blame));
  if (blames.has('settings')) return 2;
  if (blames.has('unreachable')) return 7;
  return blames.has('other') ? 1 : 0;
}
