import type { Batch } from '../../batch/batch.ts';
import type { Arena } from '../../io/linux/arena.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';

/** Packets that wait for the next turn at most, and the room for each. */
const WAITING_MAX = 8;
const PACKET_OCTETS = 1_280;
const HOP_LIMIT = 64;

/** An echo request that the role sends in its own name. */
export interface Echo {
  /** 16 octets. */
  readonly destination: Uint8Array;
  readonly identifier: number;
  readonly sequence: number;
  /** Octets behind the ICMPv6 header. */
  readonly data: Uint8Array;
}

/** Packets of our own that a role finds among those of its interface, and treats like them. */
export class Injection {
  waiting = 0;
  readonly #bytes: Uint8Array;
  readonly #home: number;
  readonly #lengths = new Int32Array(WAITING_MAX);

  constructor(arena: Arena) {
    this.#bytes = arena.bytes;
    this.#home = arena.take(WAITING_MAX * PACKET_OCTETS);
  }

  /** False: too many wait already, or it is too long. `source` is 16 octets. */
  addEcho(source: Uint8Array, { destination, identifier, sequence, data }: Echo): boolean {
    if (this.waiting === WAITING_MAX || data.length > PACKET_OCTETS - icmpv6.echoDataAt(0)) return false;
    const at = this.#home + this.waiting * PACKET_OCTETS;
    const type = icmpv6.ECHO_REQUEST;
    const bytes = this.#bytes;
    const end = icmpv6.emitEcho(bytes, at, type, HOP_LIMIT, source, 0, destination, 0, identifier, sequence, data);
    this.#lengths[this.waiting++] = end - at;
    return true;
  }

  /** Appends what waits to what was read; what finds no slot is gone, as a packet may be. */
  append(batch: Batch): void {
    for (let index = 0; index < this.waiting && batch.count < batch.slots; index++) {
      const slot = batch.count++;
      batch.start[slot] = this.#home + index * PACKET_OCTETS;
      batch.length[slot] = this.#lengths[index]!;
      batch.ipv4[slot] = 0;
      batch.port[slot] = 0;
      batch.via[slot] = 0;
      batch.segment[slot] = 0;
    }
    this.waiting = 0;
  }
}
