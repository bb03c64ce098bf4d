import { IOVEC, MMSGHDR } from './abi.ts';
import type { Arena } from './arena.ts';

/**
 * An array of mmsghdr with one iovec and one socket address each, laid out once and handed to recvmmsg or sendmmsg.
 *
 * `names` and the offsets in it are the caller's to read and write: the address family decides their shape.
 */
export class MessageVector {
  readonly count: number;
  /** Offset of the first mmsghdr. */
  readonly messages: number;
  /** Offset of the first socket address; they stand `nameLength` apart. */
  readonly names: number;
  readonly #arena: Arena;
  readonly #vectors: number;

  /** `nameLength` in octets, a multiple of 4. */
  constructor(arena: Arena, count: number, nameLength: number) {
    this.count = count;
    this.messages = arena.take(count * MMSGHDR.length);
    this.names = arena.take(count * nameLength);
    this.#arena = arena;
    this.#vectors = arena.take(count * IOVEC.length);
    for (let index = 0; index < count; index++) {
      const message = this.messages + index * MMSGHDR.length;
      arena.writePointer(message + MMSGHDR.name, this.names + index * nameLength);
      arena.u32[(message + MMSGHDR.nameLength) >> 2] = nameLength;
      arena.writePointer(message + MMSGHDR.iov, this.#vectors + index * IOVEC.length);
      arena.u32[(message + MMSGHDR.iovCount) >> 2] = 1;
    }
  }

  /** The kernel's pointer to message `index`. */
  pointer(index: number): number {
    return this.#arena.pointer(this.messages + index * MMSGHDR.length);
  }

  /** Lets message `index` read from or write to `length` octets at offset `at`. */
  setPayload(index: number, at: number, length: number): void {
    const vector = this.#vectors + index * IOVEC.length;
    this.#arena.writePointer(vector, at);
    this.#arena.u32[(vector + IOVEC.size) >> 2] = length;
  }

  /** Octets that recvmmsg put into message `index`. */
  receivedLength(index: number): number {
    return this.#arena.u32[(this.messages + index * MMSGHDR.length + MMSGHDR.messageLength) >> 2]!;
  }
}
