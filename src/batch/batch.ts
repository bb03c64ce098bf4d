/**
 * A batch: packet slots allocated once, with one typed-array column for each fact about a packet.
 *
 * Two hands fill it. A port points `start` and `length` at packets that lie where the kernel put them; a role
 * claims octets from the batch's own home region and writes a packet there. A slot is an integer; `length` 0
 * means "skip me".
 */

/** Octets kept free in front of every claimed packet, so that an 8-octet origin indication fits there. */
export const HEADROOM = 8;

export class Batch {
  /** The block all packets of this batch lie in; a port and a role may share one block between batches. */
  readonly bytes: Uint8Array;
  /** Offset of the packet in `bytes`. */
  readonly start: Int32Array;
  /** Octets; 0: the packet has ended here, skip the slot. */
  readonly length: Int32Array;
  /** The other end's IPv4 address as an int32; meaningless for what comes from a TUN device. */
  readonly ipv4: Int32Array;
  /** The other end's UDP port, 0 to 65535. */
  readonly port: Int32Array;
  /** Which local socket the datagram came in by or leaves by: an index that role and port agree on. */
  readonly via: Uint8Array;
  /** 0: one packet; else the payload octets of each inner segment of a super-packet from the TUN device. */
  readonly segment: Int32Array;
  readonly slots: number;
  /** Slots in use, 0 to `slots`. */
  count = 0;

  readonly #home: number;
  readonly #homeEnd: number;
  #next: number;

  /**
   * Units:  `slots` is a count; `home` and `homeEnd` are offsets into `bytes`, in octets.
   * Shape:  the home region serves `claim`; it may be empty for a batch that only ports fill.
   * Errors: none.
   */
  constructor(slots: number, bytes: Uint8Array, home = 0, homeEnd = bytes.length) {
    this.slots = slots;
    this.bytes = bytes;
    this.start = new Int32Array(slots);
    this.length = new Int32Array(slots);
    this.ipv4 = new Int32Array(slots);
    this.port = new Int32Array(slots);
    this.via = new Uint8Array(slots);
    this.segment = new Int32Array(slots);
    this.#home = home;
    this.#homeEnd = homeEnd;
    this.#next = home;
  }

  clear(): void {
    this.count = 0;
    this.#next = this.#home;
  }

  /**
   * Takes the next slot and `length` octets of the home region for it, with `HEADROOM` before them.
   *
   * Units:  octets in, slot index out.
   * Shape:  the new slot has its `start` and `length`; `ipv4`, `port`, `via`, `segment` are 0. Octets are not erased.
   * Errors: -1 when slots or octets are used up; the batch is unchanged then.
   */
  claim(length: number): number {
    const start = this.#next + HEADROOM;
    if (this.count >= this.slots || start + length > this.#homeEnd) return -1;
    const slot = this.count++;
    this.#next = (start + length + 7) & ~7;
    this.start[slot] = start;
    this.length[slot] = length;
    this.ipv4[slot] = 0;
    this.port[slot] = 0;
    this.via[slot] = 0;
    this.segment[slot] = 0;
    return slot;
  }

  /** Adds a copy of `packet` with its other end; -1 when there is no room. The slow path's way in. */
  push(packet: Uint8Array, ipv4 = 0, port = 0, via = 0, segment = 0): number {
    const slot = this.claim(packet.length);
    if (slot < 0) return -1;
    this.bytes.set(packet, this.start[slot]!);
    this.ipv4[slot] = ipv4;
    this.port[slot] = port;
    this.via[slot] = via;
    this.segment[slot] = segment;
    return slot;
  }

  /** A view of one packet, for the slow path and for tests; it allocates. */
  packet(slot: number): Uint8Array {
    const start = this.start[slot]!;
    return this.bytes.subarray(start, start + this.length[slot]!);
  }
}
