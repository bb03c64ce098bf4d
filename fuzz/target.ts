/** What a fuzzer runs: octets and chance in, nothing out, and an exception when a promise is broken. */
export interface Target {
  readonly name: string;
  /** Good inputs, which mutation starts from; none: it starts from random octets. */
  readonly seeds: readonly Uint8Array[];
  /** `random` is for what octets alone do not decide: the order of calls, ports, instants. */
  readonly run: (bytes: Uint8Array, random: Chance) => void;
}

/** Chance that is the same for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
