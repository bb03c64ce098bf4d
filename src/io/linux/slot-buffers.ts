import type { Arena } from './arena.ts';

/** Largest UDP payload over IPv4 (ledger W-12), and more than any packet a TUN device hands over. */
const CAPACITY = 65_536;
/** Free octets before a packet: room for an origin indication, or for the virtio header of a TUN super-packet. */
const HEADROOM = 64;
/** An odd number of cache lines between buffers, so that their first lines do not share one cache set. */
const STRIDE = CAPACITY + HEADROOM + 17 * 64;

/**
 * Places where the kernel puts incoming packets, one for each slot of an input batch.
 *
 * Nothing stays here from one turn of a driver to the next, so all ports of one thread share one set.
 */
export class SlotBuffers {
  readonly count: number;
  readonly capacity = CAPACITY;
  readonly #first: number;

  constructor(arena: Arena, count: number) {
    this.count = count;
    this.#first = arena.take(count * STRIDE, 4096);
  }

  /** Octets of the arena that `count` buffers take. */
  static octets(count: number): number {
    return count * STRIDE + 4096;
  }

  /** Offset of buffer `slot`; a multiple of 8 with headroom before it. */
  start(slot: number): number {
    return this.#first + slot * STRIDE + HEADROOM;
  }
}
