import { RecordType } from './record.ts';

/** Octets that wait for a reader at most; a power of two. */
export const RING_OCTETS = 4 << 20;

/** Places of the control words. */
const WRITTEN = 0;
const READ = 1;
const LOST = 2;
const CONTROL_OCTETS = 64;

/**
 * Records on their way from the thread that carries packets to the one that tells them: memory of both, one writer, one
 * reader, no waiting. What does not fit is counted, and is lost.
 *
 * Shape:  the two counts of octets run on and wrap at 2^32; a record never wraps round the end, a pad fills the gap.
 */
export class TapRing {
  readonly memory: SharedArrayBuffer;
  /** Where a record is written, at the offset that `reserve` gave. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #control: Int32Array;
  readonly #size: number;

  constructor(memory: SharedArrayBuffer = TapRing.memory()) {
    this.memory = memory;
    this.#control = new Int32Array(memory, 0, 3);
    this.bytes = new Uint8Array(memory, CONTROL_OCTETS);
    this.view = new DataView(memory, CONTROL_OCTETS);
    this.#size = this.bytes.length;
  }

  static memory(octets = RING_OCTETS): SharedArrayBuffer {
    return new SharedArrayBuffer(CONTROL_OCTETS + octets);
  }

  /** Records that found no room. */
  get lost(): number {
    return Atomics.load(this.#control, LOST) >>> 0;
  }

  /** The writer's: room for a record of `size` octets, a multiple of 8; -1: there is none, and that is counted. */
  reserve(size: number): number {
    const written = Atomics.load(this.#control, WRITTEN);
    const free = this.#size - ((written - Atomics.load(this.#control, READ)) | 0);
    const at = written & (this.#size - 1);
    const gap = at + size > this.#size ? this.#size - at : 0;
    if (gap + size > free) {
      Atomics.add(this.#control, LOST, 1);
      return -1;
    }
    if (gap === 0) return at;
    // Gaps are multiples of 8, and one may be shorter than a header: size and type suffice.
    this.view.setUint32(at, gap, true);
    this.bytes[at + 4] = RecordType.Pad;
    Atomics.store(this.#control, WRITTEN, (written + gap) | 0);
    return 0;
  }

  /** The writer's: the record of `size` octets is whole. */
  commit(size: number): void {
    Atomics.store(this.#control, WRITTEN, (Atomics.load(this.#control, WRITTEN) + size) | 0);
  }

  /** The reader's: a copy of whole records, at most about `most` octets; empty: nothing waits. */
  take(most: number): Uint8Array {
    const read = Atomics.load(this.#control, READ);
    const waiting = (Atomics.load(this.#control, WRITTEN) - read) | 0;
    const at = read & (this.#size - 1);
    let end = at;
    while (end < at + waiting && end < this.#size && (end === at || end - at < most)) {
      const size = this.view.getUint32(end, true);
      if (this.bytes[end + 4] === RecordType.Pad) break;
      end += size;
    }
    const records = this.bytes.slice(at, end);
    const gap = end < at + waiting && end < this.#size && this.bytes[end + 4] === RecordType.Pad ? this.#size - end : 0;
    Atomics.store(this.#control, READ, (read + (end - at) + gap) | 0);
    return gap > 0 && records.length === 0 ? this.take(most) : records;
  }
}
