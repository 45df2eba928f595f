import { setMaxListeners } from 'node:events';

export interface FollowingAbort {
  /** Aborts with `signal`, and when `end` is called: with its reason. */
  readonly signal: AbortSignal;
  readonly end: (reason: unknown) => void;
  /** Stops listening to the outer signal, which may live for hours. */
  readonly release: () => void;
}

/** An abort of several things together: from outside, or by the first of them that fails. */
export function followAbort(outer: AbortSignal): FollowingAbort {
  const controller = new AbortController();
  // As many listeners as there are things: not a leak.
  setMaxListeners(0, controller.signal);
  const follow = (): void => controller.abort(outer.reason);
  outer.addEventListener('abort', follow, { once: true });
  if (outer.aborted) follow();
  return {
    signal: controller.signal,
    end: (reason) => controller.abort(reason),
    release: () => outer.removeEventListener('abort', follow),
  };
}
