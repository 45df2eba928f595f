/** The header Prefer (RFC 7240): whether a client wants to wait for the work. */
export interface Preference {
  readonly respondAsync: boolean;
  /** How long the client would wait all the same. */
  readonly waitMs: number | null;
}

/** Reads `respond-async` and `wait=<seconds>`; whatever else it holds is left alone. */
export function parsePrefer(header: string | readonly string[] | undefined): Preference {
  const words = [header ?? []]
    .flat()
    .join(',')
    .split(/[,;]/)
    .map((word) => word.trim().toLowerCase());
  const wait = words.map((word) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(word)?.[1]).find(Boolean);
  return {
    respondAsync: words.some((word) => /^respond-async($|\s*=)/.test(word)),
    waitMs: wait === undefined ? null : Number(wait) * 1000,
  };
}

/** How long a request waits for its job, at most. */
export function patienceMs({ respondAsync, waitMs }: Preference, mostMs: number): number {
  if (waitMs !== null) return Math.min(waitMs, mostMs);
  return respondAsync ? 0 : mostMs;
}
