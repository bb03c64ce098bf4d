import type { LimitUse } from './limits.ts';

/**
 * Token buckets in a fixed table, one for each key or for a few keys that share one by hash.
 *
 * Units:  `perSecond` and `burst` count datagrams; instants in ms, monotonic.
 * Shape:  keys are int32 (an IPv4 address, port stripped); `buckets` is rounded up to a power of two. Two keys that
 *         meet in one bucket share its budget; the seed keeps outsiders from arranging that.
 * Errors: none.
 */
export class RateLimit {
  /** Tokens that were asked for in vain. */
  refused = 0;

  #perMs = 0;
  #burst = 0;
  readonly #mask: number;
  readonly #seed: number;
  /** Instant at which the bucket would be full again; a bucket is empty when that is `burst / perMs` ahead. */
  #fullAt: Float64Array | undefined;

  constructor(perSecond: number, burst: number, buckets: number, seed: number) {
    this.setRate(perSecond, burst);
    this.#mask = 2 ** Math.ceil(Math.log2(Math.max(1, buckets))) - 1;
    this.#seed = seed | 0;
  }

  /** What was taken stays taken, as the time until a bucket is full again. */
  setRate(perSecond: number, burst: number): void {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
  }

  /** Takes one token of this key; false: there is none. */
  allow(key: number, now: number): boolean {
    this.#fullAt ??= new Float64Array(this.#mask + 1);
    const mixed = Math.imul(key ^ this.#seed, 0x9e3779b1);
    const bucket = (mixed ^ (mixed >>> 15)) & this.#mask;
    const fullAt = Math.max(this.#fullAt[bucket]!, now);
    const after = fullAt + 1 / this.#perMs;
    // The division may round: half a token of tolerance.
    if ((after - now) * this.#perMs > this.#burst + 0.5) {
      this.refused++;
      return false;
    }
    this.#fullAt[bucket] = after;
    return true;
  }

  /** What a person may see of it at `now`; looks at every bucket. */
  use(name: string, now: number): LimitUse {
    const max = this.#mask + 1;
    let inUse = 0;
    for (let bucket = 0; this.#fullAt !== undefined && bucket < max; bucket++) {
      if (this.#fullAt[bucket]! > now) inUse++;
    }
    const unit = max === 1 ? 'bucket' : 'addresses';
    const perSecond = this.#perMs * 1000;
    return { name, kind: 'rate', unit, max, inUse, bit: this.refused, perSecond, burst: this.#burst };
  }
}
