import type { PortCounters } from '../counters.ts';
import { EAGAIN, EINTR, POLLFD, POLLOUT } from './abi.ts';
import type { Arena } from './arena.ts';
import { errno, poll, sendmmsg } from './libc.ts';
import { MessageVector } from './message-vector.ts';

/** How long one flush waits for room in a full socket buffer before it gives the rest up, as a full link would. */
const PATIENCE_MS = 2;

/** Collects messages and gives them to the kernel with as few calls as it takes. */
export class Sender {
  /** What the last flush brought into the kernel. */
  sent = 0;
  sentOctets = 0;

  readonly #arena: Arena;
  readonly #vector: MessageVector;
  readonly #lengths: Int32Array;
  readonly #nameLength: number;
  readonly #counters: PortCounters;
  readonly #pollfd: number;
  #count = 0;

  constructor(arena: Arena, count: number, nameLength: number, family: number, counters: PortCounters) {
    this.#arena = arena;
    this.#vector = new MessageVector(arena, count, nameLength);
    this.#lengths = new Int32Array(count);
    this.#nameLength = nameLength;
    this.#counters = counters;
    this.#pollfd = arena.take(POLLFD.length);
    for (let index = 0; index < count; index++) arena.u16[(this.#vector.names + index * nameLength) >> 1] = family;
  }

  get isFull(): boolean {
    return this.#count === this.#vector.count;
  }

  /** Adds `length` octets at offset `start`; gives the offset of the socket address, whose family is set already. */
  add(start: number, length: number): number {
    const index = this.#count++;
    this.#vector.setPayload(index, start, length);
    this.#lengths[index] = length;
    return this.#vector.names + index * this.#nameLength;
  }

  /**
   * Sends what was added and forgets it.
   *
   * Errors: none. A message that the kernel refuses is counted by errno and skipped, so it costs no other message
   *         its way; when the buffer stays full, the rest is counted as EAGAIN.
   */
  flush(fd: number, flags: number): void {
    const count = this.#count;
    let patience = 1;
    let next = 0;
    this.#count = 0;
    this.sent = 0;
    this.sentOctets = 0;
    while (next < count) {
      const sent = sendmmsg(fd, this.#vector.pointer(next), count - next, flags);
      if (sent > 0) {
        for (let index = next; index < next + sent; index++) this.sentOctets += this.#lengths[index]!;
        this.sent += sent;
        next += sent;
        continue;
      }
      const number = errno();
      if (number === EINTR) continue;
      if (number === EAGAIN) {
        if (patience-- > 0 && this.#waitForRoom(fd)) continue;
        while (next++ < count) this.#counters.addError(EAGAIN);
        return;
      }
      this.#counters.addError(number);
      next++;
    }
  }

  #waitForRoom(fd: number): boolean {
    this.#arena.u32[this.#pollfd >> 2] = fd;
    this.#arena.u32[(this.#pollfd + POLLFD.events) >> 2] = POLLOUT;
    return poll(this.#arena.pointer(this.#pollfd), 1, PATIENCE_MS) > 0;
  }
}
