import type { Clock } from '../clock.ts';
import { CLOCK_BOOTTIME } from './abi.ts';
import type { Arena } from './arena.ts';
import { clockGettime } from './libc.ts';

/**
 * Milliseconds since boot, sleep included.
 *
 * Node's own monotonic clock stands still while a laptop sleeps. A NAT's mapping does not, so a client that wakes
 * must find its deadlines passed.
 */
export class BootClock implements Clock {
  readonly #arena: Arena;
  readonly #timespec: number;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#timespec = arena.take(16);
  }

  now(): number {
    clockGettime(CLOCK_BOOTTIME, this.#arena.pointer(this.#timespec));
    const { u32 } = this.#arena;
    const at = this.#timespec >> 2;
    // 2^32 seconds are 136 years of uptime: the upper half of tv_sec stays 0.
    return u32[at]! * 1_000 + u32[at + 2]! / 1_000_000;
  }
}
