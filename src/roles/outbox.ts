import { type Batch, HEADROOM } from '../batch/batch.ts';
import type { LimitUse } from './limits.ts';

const OCTETS_AT_START = 1024;
const SLOTS_AT_START = 16;

/**
 * What a role has to send on its own account, until the driver polls it: a bounded block of octets with columns.
 *
 * It starts small and grows to its bounds when needed; after that nothing is allocated, however much passes.
 * Bounded by `slotsMax` and `octetsMax`, headroom between packets included.
 */
export class Outbox {
  /** Where `reserve` gives room; it may be another block after each `reserve`. */
  bytes = new Uint8Array(OCTETS_AT_START);

  /** Packets that found no room. */
  refused = 0;

  readonly #slotsMax: number;
  readonly #octetsMax: number;
  #start = new Int32Array(SLOTS_AT_START);
  #length = new Int32Array(SLOTS_AT_START);
  #ipv4 = new Int32Array(SLOTS_AT_START);
  #port = new Int32Array(SLOTS_AT_START);
  #via = new Uint8Array(SLOTS_AT_START);
  #segment = new Int32Array(SLOTS_AT_START);
  #view = this.bytes;
  #head = 0;
  #count = 0;
  #used = 0;

  constructor(slotsMax: number, octetsMax: number) {
    this.#slotsMax = slotsMax;
    this.#octetsMax = octetsMax;
  }

  get isEmpty(): boolean {
    return this.#head === this.#count;
  }

  /**
   * Makes room for `length` octets in `bytes`.
   *
   * Units:  octets in, an offset into `bytes` out.
   * Errors: -1 when the bounds are reached; nothing is changed then.
   */
  reserve(length: number): number {
    if (this.#count >= this.#slotsMax || this.#used + length > this.#octetsMax) {
      this.refused++;
      return -1;
    }
    if (this.#used + length > this.bytes.length) {
      const grown = new Uint8Array(Math.min(this.#octetsMax, 2 * (this.#used + length)));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    return this.#used;
  }

  /** Adds what was written from the offset of the last `reserve` to `end`. */
  add(end: number, ipv4 = 0, port = 0, via = 0, segment = 0): void {
    if (this.#count === this.#start.length) this.#growSlots();
    const slot = this.#count++;
    this.#start[slot] = this.#used;
    this.#length[slot] = end - this.#used;
    this.#ipv4[slot] = ipv4;
    this.#port[slot] = port;
    this.#via[slot] = via;
    this.#segment[slot] = segment;
    // As in a batch: 8-aligned, with headroom between.
    this.#used = ((end + 7) & ~7) + HEADROOM;
  }

  /** Adds a copy of a packet; false: the bounds are reached. */
  push(packet: Uint8Array, ipv4 = 0, port = 0, via = 0, segment = 0): boolean {
    const at = this.reserve(packet.length);
    if (at < 0) return false;
    this.bytes.set(packet, at);
    this.add(at + packet.length, ipv4, port, via, segment);
    return true;
  }

  /** Moves what fits into the batch, oldest first. */
  poll(batch: Batch): void {
    // A batch lays packets out as we do: those that lie as far apart there as here are copied together.
    let runAt = 0;
    let runEnd = 0;
    let distance = 0;
    for (; this.#head < this.#count; this.#head++) {
      const from = this.#head;
      const length = this.#length[from]!;
      const slot = batch.claim(length);
      if (slot < 0) {
        // A packet that no empty batch can take would stop the queue for ever.
        if (batch.count > 0 || batch.slots === 0) break;
        continue;
      }
      const at = this.#start[from]!;
      if (runEnd === 0 || batch.start[slot]! - at !== distance) {
        this.#copy(runAt, runEnd, batch, distance);
        runAt = at;
        distance = batch.start[slot]! - at;
      }
      runEnd = at + length;
      batch.ipv4[slot] = this.#ipv4[from]!;
      batch.port[slot] = this.#port[from]!;
      batch.via[slot] = this.#via[from]!;
      batch.segment[slot] = this.#segment[from]!;
    }
    this.#copy(runAt, runEnd, batch, distance);
    if (this.#head < this.#count) return;
    this.#head = 0;
    this.#count = 0;
    this.#used = 0;
  }

  /** One view for many packets; under load the next run is as long as the last one, and needs no new view. */
  #copy(at: number, end: number, batch: Batch, distance: number): void {
    if (end === at) return;
    const length = end - at;
    if (this.#view.byteOffset !== at || this.#view.length !== length || this.#view.buffer !== this.bytes.buffer) {
      this.#view = this.bytes.subarray(at, end);
    }
    batch.bytes.set(this.#view, at + distance);
  }

  /** What a person may see of it. */
  use(name: string, unit: 'datagrams' | 'packets'): LimitUse {
    const inUse = this.#count - this.#head;
    return { name, kind: 'queue', unit, max: this.#slotsMax, inUse, bit: this.refused };
  }

  #growSlots(): void {
    const slots = Math.min(this.#slotsMax, 2 * this.#start.length);
    this.#start = grow(this.#start, slots);
    this.#length = grow(this.#length, slots);
    this.#ipv4 = grow(this.#ipv4, slots);
    this.#port = grow(this.#port, slots);
    this.#segment = grow(this.#segment, slots);
    const via = new Uint8Array(slots);
    via.set(this.#via);
    this.#via = via;
  }
}

function grow(column: Int32Array, slots: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(slots);
  grown.set(column);
  return grown;
}
