import type { Arena } from './arena.ts';

/** Largest UDP payload over IPv4 (ledger W-12), and any run of datagrams that the kernel hands over as one. */
const CAPACITY = 65_536;
/** Free octets before a packet: room for an origin indication. */
const HEADROOM = 64;
/** An odd number of cache lines between buffers, so that their first lines do not share one cache set. */
const STRIDE = CAPACITY + HEADROOM + 17 * 64;

/** Places where the kernel puts what comes in: large buffers, one behind the other. */
export class SlotBuffers {
  readonly count: number;
  readonly capacity = CAPACITY;
  /** The whole region, for a port that fills it packet by packet. */
  readonly first: number;
  readonly end: number;

  constructor(arena: Arena, count: number) {
    this.count = count;
    this.first = arena.take(count * STRIDE, 4096);
    this.end = this.first + count * STRIDE;
  }

  /** Octets of the arena that `count` buffers take. */
  static octets(count: number): number {
    return count * STRIDE + 4096;
  }

  /** Offset of buffer `slot`; a multiple of 8 with headroom before it. */
  start(slot: number): number {
    return this.first + slot * STRIDE + HEADROOM;
  }
}
