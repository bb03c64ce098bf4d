import type { PortCounters } from '../counters.ts';
import { EAGAIN } from './abi.ts';
import type { Arena } from './arena.ts';
import { MessageVector } from './message-vector.ts';
import { Outlet } from './outlet.ts';

/** Collects messages of one packet each and gives them to the kernel with as few calls as it takes. */
export class Sender {
  /** What the last flush brought into the kernel. */
  sent = 0;
  sentOctets = 0;

  readonly #vector: MessageVector;
  readonly #outlet: Outlet;
  readonly #lengths: Int32Array;
  readonly #nameLength: number;
  readonly #counters: PortCounters;
  #count = 0;

  constructor(arena: Arena, count: number, nameLength: number, family: number, counters: PortCounters) {
    this.#vector = new MessageVector(arena, count, nameLength);
    this.#outlet = new Outlet(arena, this.#vector);
    this.#lengths = new Int32Array(count);
    this.#nameLength = nameLength;
    this.#counters = counters;
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
    let next = 0;
    this.#count = 0;
    this.sent = 0;
    this.sentOctets = 0;
    this.#outlet.begin();
    while (next < count) {
      const sent = this.#outlet.send(fd, next, count - next, flags);
      if (sent > 0) {
        for (let index = next; index < next + sent; index++) this.sentOctets += this.#lengths[index]!;
        this.sent += sent;
        next += sent;
      } else if (sent === -EAGAIN) {
        while (next++ < count) this.#counters.addError(EAGAIN);
      } else {
        this.#counters.addError(-sent);
        next++;
      }
    }
  }
}
