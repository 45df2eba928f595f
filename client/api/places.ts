/** How many answers of a kind a user may have open at once, in this process. */
import type { FastifyReply } from 'fastify';
import type { Principal } from './auth.js';
import type { ProblemCode } from './problems.js';
import { problem } from './problems.js';

export interface Places {
  /** Holds a place until the answer's connection is done with it; throws the problem where there is none. */
  take(principal: Principal, reply: FastifyReply): void;
}

/** Places for each user. */
export function createPlaces(limit: number, refusal: ProblemCode): Places {
  const taken = new Map<string, number>();
  const served = new WeakSet<FastifyReply['raw']>();
  const change = (user: string, by: number): void => {
    const count = (taken.get(user) ?? 0) + by;
    if (count > 0) taken.set(user, count);
    else taken.delete(user);
  };
  return {
    take: ({ workspace, user }, { raw }) => {
      const key = JSON.stringify([workspace, user]);
      if (raw.closed) throw problem('client-left');
      // A second attempt at the same answer has its place already.
      if (served.has(raw)) return;
      if ((taken.get(key) ?? 0) >= limit) throw problem(refusal);
      served.add(raw);
      change(key, 1);
      raw.once('close', () => change(key, -1));
    },
  };
}
