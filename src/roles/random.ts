import type { Random } from './role.ts';

/** Uniform in [0, 1). */
export function fraction(random: Random): number {
  return random.uint32() / 0x1_0000_0000;
}

/** An instant or duration drawn uniformly from `low` to `high`, in the same unit. */
export function between(random: Random, low: number, high: number): number {
  return low + fraction(random) * (high - low);
}

/**
 * Draws the time after which a silent server is solicited again.
 *
 * Units:  milliseconds in, milliseconds out.
 * Shape:  75% to 100% of `refreshIntervalMs`; one draw from `random`.
 * Errors: none; the interval was checked when the configuration was parsed.
 * Source: RFC 4380 §5.2 and §5.2.5 (default 30 s; ledger CLI-101); RFC 6081 §5.1.1 would allow 50% to 150%.
 */
export function randomizedRefreshIntervalMs(refreshIntervalMs: number, random: Random): number {
  return between(random, 0.75 * refreshIntervalMs, refreshIntervalMs);
}
