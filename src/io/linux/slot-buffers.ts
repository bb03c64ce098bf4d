import type { Arena } from './arena.ts';

/** Largest UDP payload over IPv4 (ledger W-12), and any run of datagrams that the kernel hands over as one. */
export const RUN_CAPACITY = 65_536;
/** Free octets before a packet: room for an origin indication. */
const HEADROOM = 64;
/** Places where the kernel puts what comes in: buffers of one size, one behind the other. */
export class SlotBuffers {
  readonly count: number;
  /** Octets that fit into each. */
  readonly capacity: number;
  /** The whole region, for a port that fills it packet by packet. */
  readonly first: number;
  readonly end: number;
  readonly #stride: number;

  /** `capacity` is a multiple of 128. */
  constructor(arena: Arena, count: number, capacity = RUN_CAPACITY) {
    this.count = count;
    this.capacity = capacity;
    this.#stride = stride(capacity);
    this.first = arena.take(count * this.#stride, 4096);
    this.end = this.first + count * this.#stride;
  }

  /** Octets of the arena that `count` buffers take. */
  static octets(count: number, capacity = RUN_CAPACITY): number {
    return count * stride(capacity) + 4096;
  }

  /** Offset of buffer `slot`; a multiple of 8 with headroom before it. */
  start(slot: number): number {
    return this.first + slot * this.#stride + HEADROOM;
  }
}

/** An odd number of cache lines from a buffer to the next, so that their first lines do not share one cache set. */
function stride(capacity: number): number {
  return capacity + HEADROOM;
}
