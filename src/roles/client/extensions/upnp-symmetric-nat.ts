import type { PeerTable } from '../../../peers/peer-table.ts';
import * as teredo from '../../../wire/teredo.ts';
import { VIA_SERVICE } from '../../constants.ts';
import type { Endpoint } from '../../events.ts';
import type { Identity } from '../identity.ts';
import { isSameEndpoint } from '../qualification.ts';
import type { Extension, Target } from './extension.ts';

/**
 * UPnP-enabled symmetric NAT (RFC 6081 §5.3; ledger EXT-20 to EXT-25).
 *
 * A router that made a port mapping for us lets anyone in there, though what we send may leave from other ports. Two
 * such clients reach each other at the mappings in their addresses, not at the endpoints they are seen from.
 *
 * The mapping itself is made outside: asked for by an event, answered by `Client.setPortMapping`. Bounded by the
 * peers of the table.
 */
export class UpnpSymmetricNat implements Extension {
  readonly #identity: Identity;
  readonly #peers: PeerTable;
  /** EXT-23: where peers were seen that were not where their addresses say. */
  readonly #seenAt = new Map<number, Endpoint>();

  constructor(identity: Identity, peers: PeerTable) {
    this.#identity = identity;
    this.#peers = peers;
  }

  /**
   * EXT-23, EXT-24: such a peer is reached at the mapping in its address.
   *
   * RFC 6081 §6.2 (1): it is seen from another port of the same IPv4 address. One that is seen from elsewhere is a
   * neighbour inside our own NAT (§5.6), which must be answered where it is.
   */
  reached(peer: number, from: Target): Target | undefined {
    const { isSymmetric, isOpenByRouter } = this.#identity;
    if (!isSymmetric || !isOpenByRouter || from.via !== VIA_SERVICE) return undefined;
    const address = this.#peers.address(peer);
    const mapped = { ipv4: teredo.ipv4(address, 0), port: teredo.port(address, 0), via: VIA_SERVICE };
    if (isSameEndpoint(from, mapped) || from.ipv4 !== mapped.ipv4) return undefined;
    this.#seenAt.set(peer, from);
    return mapped;
  }

  isFrom(peer: number, ipv4: number, port: number): boolean {
    const seenAt = this.#seenAt.get(peer);
    return seenAt !== undefined && seenAt.ipv4 === ipv4 && seenAt.port === port;
  }

  forget(peer: number): void {
    this.#seenAt.delete(peer);
  }
}
