import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something is so; the failure says what was waited for. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<void> {
  const lateMs = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > lateMs) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await sleep(50);
  }
}
