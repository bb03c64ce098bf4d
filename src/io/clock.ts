/** Instants for roles: milliseconds from an arbitrary zero, never backwards, whatever the wall clock does. */
export interface Clock {
  now(): number;
}

/** Node's monotonic clock. It stands still while the machine sleeps; `io/linux/boot-clock.ts` does not. */
export const monotonicClock: Clock = { now: () => performance.now() };
