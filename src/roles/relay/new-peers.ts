import { readI32 } from '../../wire/bytes.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import type { LimitUse } from '../limits.ts';
import { RateLimit } from '../rate-limit.ts';

/** Senders whose shares are told apart. */
const SENDER_BUCKETS = 4096;
/** One sender has a quarter of the new peers at most: a flood from one place leaves the rest to others. */
const SHARES = 4;

/** How many peers a relay gets to know in a second: neither one sender nor all of them together can have it ask too many. */
export class NewPeers {
  readonly #ofAll = new RateLimit(0, 0, 1, 0);
  readonly #ofOne: RateLimit;

  constructor(perSecond: number, burst: number, seed: number) {
    this.#ofOne = new RateLimit(0, 0, SENDER_BUCKETS, seed);
    this.setRate(perSecond, burst);
  }

  setRate(perSecond: number, burst: number): void {
    this.#ofAll.setRate(perSecond, burst);
    this.#ofOne.setRate(perSecond / SHARES, burst / SHARES);
  }

  /** Whether one more may be asked; `sender` is a key of who makes us ask, undefined: this host itself. */
  admits(sender: number | undefined, now: number): boolean {
    return (sender === undefined || this.#ofOne.allow(sender, now)) && this.#ofAll.allow(0, now);
  }

  limits(now: number): LimitUse[] {
    return [this.#ofAll.use('new-peers', now), this.#ofOne.use('new-peers-of-one', now)];
  }
}

/** A key for the /64 that the packet at `at` comes from: whoever has one has all its addresses. */
export function siteOf(bytes: Uint8Array, at: number): number {
  const source = at + ipv6.SOURCE;
  return readI32(bytes, source) ^ Math.imul(readI32(bytes, source + 4), 0x9e3779b1);
}
