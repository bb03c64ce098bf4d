import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again and again until there is an answer: the kernel and other programs tell us nothing by themselves.
 *
 * Units:  milliseconds; asks every 50 ms.
 * Errors: an Error that names `what` and the time when `ask` never gave anything but `undefined` or `false`.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadlineAt = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() >= deadlineAt) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await delay(50);
  }
}
