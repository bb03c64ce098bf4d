/** A packet that waits until its peer has answered. */
export interface WaitingPacket {
  readonly packet: Uint8Array;
  /** As in a batch: 0, or the inner segment size of a super-packet. */
  readonly segment: number;
  /** The endpoint it came from; 0 and 0 for packets on their way out. */
  readonly ipv4: number;
  readonly port: number;
}

/**
 * Packets waiting for a bubble or a connectivity test (RFC 4380 §5.2.4, §5.4.1), first in, first out per peer.
 *
 * Bounded by `packetsPerPeerMax` and `octetsPerPeerMax` for each peer and `octetsMax` in all; what does not fit is
 * refused, for a packet that arrives late is worth less to its sender than one that is lost at once.
 */
export class PacketQueue {
  readonly #waiting = new Map<number, WaitingPacket[]>();
  readonly #packetsPerPeerMax: number;
  readonly #octetsPerPeerMax: number;
  readonly octetsMax: number;
  /** Packets that found no room. */
  refused = 0;
  #octets = 0;

  constructor(packetsPerPeerMax: number, octetsPerPeerMax: number, octetsMax: number) {
    this.#packetsPerPeerMax = packetsPerPeerMax;
    this.#octetsPerPeerMax = octetsPerPeerMax;
    this.octetsMax = octetsMax;
  }

  get octets(): number {
    return this.#octets;
  }

  /** Keeps a copy of the packet; false: there is no room for it. */
  push(peer: number, packet: Uint8Array, segment = 0, ipv4 = 0, port = 0): boolean {
    const packets = this.#waiting.get(peer) ?? [];
    const held = packets.reduce((sum, waiting) => sum + waiting.packet.length, 0);
    // One packet may always wait, however large: a super-packet from the TUN device is one packet to its sender.
    const fitsPeer =
      packets.length === 0 ||
      (packets.length < this.#packetsPerPeerMax && held + packet.length <= this.#octetsPerPeerMax);
    if (!fitsPeer || this.#octets + packet.length > this.octetsMax) {
      this.refused++;
      return false;
    }
    packets.push({ packet: packet.slice(), segment, ipv4, port });
    this.#waiting.set(peer, packets);
    this.#octets += packet.length;
    return true;
  }

  /** Takes all packets of a peer out, oldest first. */
  take(peer: number): readonly WaitingPacket[] {
    const packets = this.#waiting.get(peer);
    if (packets === undefined) return [];
    this.#waiting.delete(peer);
    for (const waiting of packets) this.#octets -= waiting.packet.length;
    return packets;
  }

  has(peer: number): boolean {
    return this.#waiting.has(peer);
  }
}
