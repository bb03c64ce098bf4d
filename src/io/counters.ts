/**
 * What ports counted, in memory that another thread may read at any time.
 *
 * Every counter is a double, so it neither wraps nor tears on a 64-bit machine.
 */
export const Counter = {
  DatagramsReceived: 0,
  DatagramOctetsReceived: 1,
  DatagramsSent: 2,
  DatagramOctetsSent: 3,
  /** Never given to the kernel: port 0, or a local socket that is closed. */
  DatagramsRefused: 4,
  PacketsReceived: 5,
  PacketOctetsReceived: 6,
  PacketsSent: 7,
  PacketOctetsSent: 8,
  /** Dropped as RFC 6040 asks: congestion on the way, and a sender inside the tunnel that understands only loss. */
  DatagramsCongested: 9,
  /** A mistake of ours came to light: what it was about is lost, and told. */
  Faults: 10,
  /** Lost in the kernel: the receive buffer was full because nobody read. Up to date when a question is answered. */
  DatagramsOverflowed: 11,
} as const;

/** Counters by name; errno counters follow them in the same block. */
const NAMED = 16;
/** Linux numbers its errors up to 133 (EHWPOISON). */
const ERRNO_MAX = 160;

export const COUNTERS_LENGTH = NAMED + ERRNO_MAX;

export class PortCounters {
  readonly values: Float64Array<ArrayBufferLike>;

  /** `values` has `COUNTERS_LENGTH` elements; it may lie in a SharedArrayBuffer. */
  constructor(values: Float64Array<ArrayBufferLike> = new Float64Array(COUNTERS_LENGTH)) {
    this.values = values;
  }

  add(counter: number, amount: number): void {
    this.values[counter] = this.values[counter]! + amount;
  }

  /** The system refused something with this errno. */
  addError(errno: number): void {
    const index = NAMED + (errno > 0 && errno < ERRNO_MAX ? errno : 0);
    this.values[index] = this.values[index]! + 1;
  }

  get(counter: number): number {
    return this.values[counter]!;
  }

  /** Refusals so far by errno, only those that happened. */
  errors(): Map<number, number> {
    const found = new Map<number, number>();
    for (let errno = 0; errno < ERRNO_MAX; errno++) {
      const count = this.values[NAMED + errno]!;
      if (count > 0) found.set(errno, count);
    }
    return found;
  }
}
