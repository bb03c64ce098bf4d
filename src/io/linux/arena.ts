import { addressOf } from './libc.ts';

// Of all of WebAssembly we need a block of memory that does not move; the types of Node 20 do not name it.
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => ArenaMemory;
};

/** What an arena is to WebAssembly code that works in it. */
export interface ArenaMemory {
  readonly buffer: ArrayBuffer;
}

const PAGE = 65_536;
const HIGH_WORD = 2 ** 32;

/**
 * One block of memory that packets and kernel structures live in.
 *
 * A WebAssembly memory of fixed size never moves, so offsets in `bytes` and pointers for the kernel differ by a
 * constant. Space is taken once, at start, and never given back.
 */
export class Arena {
  readonly memory: ArenaMemory;
  readonly bytes: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  /** For numbers that lie at any offset. */
  readonly view: DataView;
  /** What the kernel calls offset 0. */
  readonly base: number;
  readonly #baseLow: number;
  readonly #baseHigh: number;
  #next = 64;

  /** `octets` is rounded up to whole WebAssembly pages of 64 KiB. */
  constructor(octets: number) {
    const pages = Math.ceil(octets / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.memory = memory;
    this.bytes = new Uint8Array(memory.buffer);
    this.u16 = new Uint16Array(memory.buffer);
    this.u32 = new Uint32Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.base = addressOf(this.bytes);
    this.#baseLow = this.base % HIGH_WORD;
    this.#baseHigh = Math.floor(this.base / HIGH_WORD);
  }

  /**
   * Takes `length` octets, all zero.
   *
   * Units:  octets in, offset out; `alignment` is a power of two.
   * Errors: RangeError when the arena is too small for what was planned.
   */
  take(length: number, alignment = 64): number {
    const at = (this.#next + alignment - 1) & -alignment;
    if (at + length > this.bytes.length) throw new RangeError(`arena of ${this.bytes.length} octets is used up`);
    this.#next = at + length;
    return at;
  }

  /** The kernel's pointer to offset `at`. */
  pointer(at: number): number {
    return this.base + at;
  }

  /** Writes the kernel's pointer to offset `target` at offset `at` (a multiple of 4). */
  writePointer(at: number, target: number): void {
    // No division here: this runs for every packet. The array keeps the lower 32 bits of what it is given.
    const low = this.#baseLow + target;
    this.u32[at >> 2] = low;
    this.u32[(at >> 2) + 1] = low < HIGH_WORD ? this.#baseHigh : this.#baseHigh + 1;
  }
}
