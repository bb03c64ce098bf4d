import { IOVEC, MMSGHDR, MSG_TRUNC } from './abi.ts';
import type { Arena } from './arena.ts';

/**
 * An array of mmsghdr with iovecs, a socket address and room for control data each, laid out once and handed to
 * recvmmsg or sendmmsg.
 *
 * `names` and `controls` and what lies there are the caller's to read and write.
 */
export class MessageVector {
  readonly count: number;
  /** iovecs of each message. */
  readonly vectorsMax: number;
  /** Offset of the first mmsghdr. */
  readonly messages: number;
  /** Offset of the first socket address; they stand `nameLength` apart. */
  readonly names: number;
  /** Offset of the first message's control data; they stand `controlLength` apart. */
  readonly controls: number;
  readonly controlLength: number;
  readonly #arena: Arena;
  readonly #vectors: number;

  /** Lengths in octets: `nameLength` a multiple of 4, `controlLength` of 8. */
  constructor(arena: Arena, count: number, nameLength: number, vectorsMax = 1, controlLength = 0) {
    this.count = count;
    this.vectorsMax = vectorsMax;
    this.controlLength = controlLength;
    this.messages = arena.take(count * MMSGHDR.length);
    this.names = arena.take(count * nameLength);
    this.controls = arena.take(count * controlLength);
    this.#arena = arena;
    this.#vectors = arena.take(count * vectorsMax * IOVEC.length);
    for (let index = 0; index < count; index++) {
      const message = this.messages + index * MMSGHDR.length;
      arena.writePointer(message + MMSGHDR.name, this.names + index * nameLength);
      arena.u32[(message + MMSGHDR.nameLength) >> 2] = nameLength;
      if (controlLength > 0) arena.writePointer(message + MMSGHDR.control, this.controls + index * controlLength);
      this.setVectors(index, 0, 1);
      this.setControlLength(index, controlLength);
    }
  }

  /** Octets of the arena that such an array takes. */
  static octets(count: number, nameLength: number, vectorsMax = 1, controlLength = 0): number {
    return count * (MMSGHDR.length + nameLength + vectorsMax * IOVEC.length + controlLength) + 4 * 64;
  }

  /** The kernel's pointer to message `index`. */
  pointer(index: number): number {
    return this.#arena.pointer(this.messages + index * MMSGHDR.length);
  }

  /** Lets iovec `vector` of message `index` stand for `length` octets at offset `at`. */
  setPayload(index: number, at: number, length: number, vector = 0): void {
    const place = this.#vectors + (index * this.vectorsMax + vector) * IOVEC.length;
    this.#arena.writePointer(place, at);
    this.#arena.u32[(place + IOVEC.size) >> 2] = length;
  }

  /** Octets that iovec `vector` of message `index` stands for. */
  payloadLength(index: number, vector: number): number {
    const place = this.#vectors + (index * this.vectorsMax + vector) * IOVEC.length;
    return this.#arena.u32[(place + IOVEC.size) >> 2]!;
  }

  /** Message `index` has `count` of its iovecs, from number `first` on. */
  setVectors(index: number, first: number, count: number): void {
    const message = this.messages + index * MMSGHDR.length;
    const vectors = this.#vectors + (index * this.vectorsMax + first) * IOVEC.length;
    this.#arena.writePointer(message + MMSGHDR.iov, vectors);
    this.#arena.u32[(message + MMSGHDR.iovCount) >> 2] = count;
  }

  /** Octets of control data: room before recvmmsg, what it left after it, and what sendmmsg shall read. */
  setControlLength(index: number, length: number): void {
    this.#arena.u32[(this.messages + index * MMSGHDR.length + MMSGHDR.controlLength) >> 2] = length;
  }

  controlLengthOf(index: number): number {
    return this.#arena.u32[(this.messages + index * MMSGHDR.length + MMSGHDR.controlLength) >> 2]!;
  }

  /** Whether recvmmsg had to cut message `index`, since it is longer than its buffer. */
  isCut(index: number): boolean {
    return (this.#arena.u32[(this.messages + index * MMSGHDR.length + MMSGHDR.flags) >> 2]! & MSG_TRUNC) !== 0;
  }

  /** Octets that recvmmsg put into message `index`. */
  receivedLength(index: number): number {
    return this.#arena.u32[(this.messages + index * MMSGHDR.length + MMSGHDR.messageLength) >> 2]!;
  }
}
