import type { Random } from '../roles/role.ts';

/**
 * Numbers that look random and are the same for the same seed: xoshiro128** (Blackman and Vigna), seeded by
 * splitmix32. Never for anything but the simulated internet.
 */
export class SeededRandom implements Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    let mixed = seed >>> 0;
    for (let word = 0; word < 4; word++) {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      this.#state[word] = finish(mixed);
    }
  }

  uint32(): number {
    const state = this.#state;
    const second = state[1]!;
    const result = Math.imul(rotate(Math.imul(second, 5), 7), 9) >>> 0;
    state[2]! ^= state[0]!;
    state[3]! ^= second;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= second << 9;
    state[3] = rotate(state[3]!, 11);
    return result;
  }

  /** Uniform in 0 (included) to 1 (excluded). */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** Uniform whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  /** True with this probability, 0 to 1. Draws nothing for 0, so that loss elsewhere does not move other draws. */
  chance(probability: number): boolean {
    return probability > 0 && this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length - 1)]!;
  }
}

/** A seed for one named part of a world, so that a node more does not change the numbers of the others. */
export function seedFor(seed: number, name: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return finish(hash);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function finish(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
