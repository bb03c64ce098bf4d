import { Batch, HEADROOM } from '../../batch/batch.ts';
import { PacketQueue } from '../../peers/packet-queue.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import { Drop, type DropCounters } from '../drop.ts';
import type { Outbox } from '../outbox.ts';

/** What may wait for a qualification, in all: the first packets of some programs. */
const PACKETS_MAX = 64;
const OCTETS_MAX = 1 << 18;
/** The queue knows peers; here all wait for the same. */
const ALL = 0;

/** Who sends what was held. */
interface Sender {
  transmit(batch: Batch, now: number): void;
}

/** Packets of the host that came before the client was qualified; what does not fit is dropped. */
export class HeldPackets {
  readonly #queue = new PacketQueue(PACKETS_MAX, OCTETS_MAX, OCTETS_MAX);
  readonly #datagrams: Outbox;
  readonly #drops: DropCounters;

  constructor(datagrams: Outbox, drops: DropCounters) {
    this.#datagrams = datagrams;
    this.#drops = drops;
  }

  get isEmpty(): boolean {
    return this.#queue.octets === 0;
  }

  /** Takes the packet in `slot` out and keeps it, if it comes from `source` and could be sent at all; false: it does not. */
  take(batch: Batch, slot: number, source: Uint8Array): boolean {
    const { bytes, start, length } = batch;
    const at = start[slot]!;
    if (length[slot]! < ipv6.LENGTH || bytes[at]! >>> 4 !== 6) return false;
    const isSendable = ipv6.isGlobal(bytes, at + ipv6.SOURCE) && ipv6.isGlobal(bytes, at + ipv6.DESTINATION);
    if (!isSendable || !ipv6.sameAddress(bytes, at + ipv6.SOURCE, source, 0)) return false;
    if (!this.#queue.push(ALL, batch.packet(slot), batch.segment[slot])) this.#drops[Drop.QueueFull]!++;
    length[slot] = 0;
    return true;
  }

  /** Hands everything to the client, oldest first, as if the host had sent it now. */
  release(client: Sender, now: number): void {
    for (const { packet, segment } of this.#queue.take(ALL)) {
      const batch = new Batch(1, new Uint8Array(HEADROOM + packet.length));
      batch.push(packet, 0, 0, 0, segment);
      client.transmit(batch, now);
      const [ipv4, port, via] = [batch.ipv4[0]!, batch.port[0]!, batch.via[0]!];
      if (batch.length[0] === 0) continue; // held for its peer, or refused with a word to the host
      if (!this.#datagrams.push(batch.packet(0), ipv4, port, via, segment)) this.#drops[Drop.QueueFull]!++;
    }
  }
}
